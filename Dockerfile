# One image: the command `mtl`, every step of the Kubeflow pipeline, and the worker of Beam's runners.
#
#     docker build -t mtl-pipeline .
#     docker run --rm --user "$(id -u):0" -v "$PWD:/work" mtl-pipeline run -d FILE -r COLUMN -k COLUMN
#
# The locked environment, without compiler and development tools. Any user id will do, as OpenShift assigns them, and
# so will a read-only root file system: only /tmp and the working folder /work are written.

# What Beam's own runners start in a container is a program of Beam's image. To have it in this one too:
#     docker build --build-arg BEAM_SDK=docker.io/apache/beam_python3.11_sdk:2.73.0 -t mtl-pipeline .
ARG BEAM_SDK=builder

FROM docker.io/library/python:3.11-slim-bookworm AS builder
ENV UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_SYSTEM_CERTS=1 \
    VIRTUAL_ENV=/opt/mtl
# Beam's boot program asks pip which packages there are; the one that comes with Python needs no network.
RUN pip install --no-cache-dir --disable-pip-version-check uv \
    && uv venv "$VIRTUAL_ENV" \
    && "$VIRTUAL_ENV/bin/python" -m ensurepip \
    && mkdir -p /opt/apache/beam
WORKDIR /src
# The dependencies of pyproject.toml, in the versions and with the hashes of the lock; its dev tools stay out.
COPY pyproject.toml requirements.lock ./
RUN uv pip install --compile-bytecode --require-hashes -r pyproject.toml -c requirements.lock
COPY README.md LICENSE ./
COPY components components
COPY data data
COPY pipeline pipeline
RUN uv pip install --compile-bytecode --no-deps --no-build-isolation .

FROM ${BEAM_SDK} AS beam

FROM docker.io/library/python:3.11-slim-bookworm
# A user id that OpenShift assigns is in group 0 and has no name; USER spares libraries the look-up of one.
RUN mkdir /work \
    && chown 1000:0 /work \
    && chmod 0775 /work
COPY --from=builder /opt/mtl /opt/mtl
COPY --from=beam /opt/apache/beam /opt/apache/beam
# The packages are those of the image, never a folder of the same name under /work (PYTHONSAFEPATH).
# A Beam worker runs in this environment; it would otherwise make one of its own on the read-only root.
ENV HOME=/tmp \
    USER=mtl \
    PATH=/opt/mtl/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1
USER 1000:0
WORKDIR /work
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mtl-pipeline" \
      org.opencontainers.image.description="Multi-task learning on tables: regression and classification by one network, from a CSV to a pushed model, on TFX." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
ENTRYPOINT ["python", "-m", "pipeline.workers.container"]
CMD ["--help"]
