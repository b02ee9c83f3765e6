"""Write files so that none is ever seen half written."""

import os
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, data: bytes | str) -> Path:
    """Write a file in one step: who is cut off, or out of space, leaves the old one.

    Args:
        path: The file; its folder is made.
        data: What it will hold; text is written as UTF-8.

    Returns:
        ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")  # two may write it
    try:
        with draft.open("wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        return draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)  # a full disk needs the room
        raise
