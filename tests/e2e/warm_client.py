"""Stands in for `mtl` in a shell: hands its arguments, folder and environment to a `WarmProcess`, see `served`.

python -IS warm_client.py SOCKET ARGUMENT...
"""

import json
import os
import socket
import sys


def main() -> int:
    """Prints what the command printed and returns its exit code."""
    request = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(sys.argv[1])
        asked.sendall(json.dumps(request).encode())
        asked.shutdown(socket.SHUT_WR)
        with asked.makefile() as answer:
            done = json.load(answer)
    sys.stdout.write(done["out"])
    sys.stderr.write(done["err"])
    return int(done["code"])


if __name__ == "__main__":
    sys.exit(main())
