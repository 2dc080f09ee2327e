from pathlib import Path

import pytest

from components.shared.errors import InputError
from pipeline.verbs.models import local_model


def test_a_model_or_its_folder_of_versions(tmp_path: Path):
    version = tmp_path / "serving" / "3"
    version.mkdir(parents=True)
    message = r"^--model must be a pushed model or its folder of versions, got .*serving\. Run `mtl run` first\.$"
    with pytest.raises(InputError, match=message), local_model(str(tmp_path / "serving")):
        pass
    (version / "saved_model.pb").write_text("")
    (tmp_path / "serving" / "current").symlink_to("3")
    for given in (version, tmp_path / "serving"):
        with local_model(str(given)) as found:
            assert found == (version, str(version))
