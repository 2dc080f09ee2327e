"""gcsfs with two faults taken out, that hide why Google refused to give or to take a file (as of gcsfs 2025.12)."""

from __future__ import annotations

from typing import Any

from gcsfs import GCSFileSystem


class MendedGcsfs(GCSFileSystem):
    """fsspec's file system of Google Cloud Storage."""

    async def _get_file(self, rpath: str, lpath: str, callback: Any = None, **options: Any) -> None:
        try:
            await super()._get_file(rpath, lpath, callback=callback, **options)
        except TypeError:
            # It reads the words of a refusal from an answer that it did not keep. This asks again, with patience.
            await self._cat_file(rpath, end=1)
            await super()._get_file(rpath, lpath, callback=callback, **options)

    async def _put_file(self, lpath: str, rpath: str, **options: Any) -> None:
        try:
            await super()._put_file(lpath, rpath, **options)
        except AttributeError as error:
            # It looks for the half upload to remove at a place that does not exist; Google removes it in a week.
            raise error.__context__ or error from None
