"""``python -m eatorch``: what the package does in a terminal."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from eatorch.languages import language
from eatorch.practice.folder import FolderError
from eatorch.practice.tasks import tasks
from eatorch.practice.watch import Practice

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: What was typed; taken from the command line if None.

    Returns:
        The exit status: 0, or 1 if ``--once`` found an answer that is not right.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        practice = Practice(
            options.folder,
            tasks(options.lesson),
            language=options.language or language(),
            limit=options.limit,
            show=lambda text: print(text, flush=True),
        )
    except (FolderError, ValueError) as error:
        parser.error(str(error))
    try:
        if options.once:
            outcomes = [practice.check(task) for task in practice.tasks]
            return int(not all(outcomes))
        practice.watch(sys.stdin)
    except KeyboardInterrupt:
        print()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="eatorch", description=__doc__)
    commands = parser.add_subparsers(required=True)
    practice = commands.add_parser(
        "practice", help="write exercises as files, watch and check them"
    )
    add = practice.add_argument
    add("lesson", nargs="*", help="two digits such as 07; all lessons if left out")
    add("--folder", type=Path, default=Path("eatorch-practice"), help="your folder")
    add("--language", choices=["en", "zh"], help="else that of your system")
    add("--limit", type=_seconds, default=60.0, help="seconds for one run (60)")
    add("--once", action="store_true", help="check all files once and leave")
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"must be above 0 seconds, got {text}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
