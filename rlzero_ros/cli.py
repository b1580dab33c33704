"""The `rlzero` command: finds the subcommand, runs it, and turns errors into one clear line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from . import __version__
from .commands.output import write_json
from .errors import ErrorCode, RlzeroError

# Name and help of every subcommand; rlzero_ros/commands/<name>.py holds it, imported on use.
COMMANDS = {
    "run": "carry out one sentence in simulation and write a report",
    "new-robot": "describe a robot of which there is an MJCF file",
    "collect": "collect reward-free data of a robot",
    "pretrain": "train a behaviour foundation model, or the frame embedder",
    "index": "render and embed the observations that projection searches",
    "pack": "make a bundle of a model, an index and a robot",
    "eval": "measure how well it works",
    "replay": "compute a recording's commands again, and compare them bit for bit",
    "skills": "list, show, save, export, import and delete skills",
    "doctor": "check this machine and the bundles on it",
}
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status.

    0: it worked. 2: it did not, and one line on stderr says why. 3: `run` was refused. 130: Ctrl-C.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="rlzero",
        description="Say one sentence to a robot and it does it.",
        epilog="\n".join(["subcommands:", *(f"  {n:<9} {h}" for n, h in COMMANDS.items())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"rlzero_ros {__version__}")
    parser.add_argument("subcommand", choices=tuple(COMMANDS), metavar="subcommand")
    # Only the name is parsed here: loading every subcommand would load torch to print a help text.
    name = parser.parse_args(arguments[:1]).subcommand
    return _run(name, arguments[1:])


def _run(name: str, arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog=f"rlzero {name}", description=COMMANDS[name])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there as JSON")
    args: argparse.Namespace | None = None
    try:
        command = import_module(f"rlzero_ros.commands.{name.replace('-', '_')}")
        command.add_arguments(parser)
        args = parser.parse_args(arguments)
        return command.main(args)
    except RlzeroError as error:
        return _fail(name, args, error.message, error.code)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "rlzero_ros":
            raise
        advice = (
            f"{error.name} is not installed here: run `make setup` and `source env.sh`, or "
            "`pip install .[train]` on a machine without ROS"
        )
        return _fail(name, args, advice, ErrorCode.INTERNAL)
    except KeyboardInterrupt:
        print(f"\nrlzero {name}: interrupted; the same command continues", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away: not an error, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def _fail(name: str, args: argparse.Namespace | None, message: str, code: ErrorCode) -> int:
    print(f"rlzero {name}: {message}", file=sys.stderr)
    if args is not None:
        write_json(args.json, {"error_code": int(code), "error": code.name, "message": message})
    return EXIT_ERROR


if __name__ == "__main__":
    sys.exit(main())
