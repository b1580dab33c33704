"""`rlzero skills`: list, show, save, export, import and delete what robots have learned to do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import ErrorCode, SkillError
from ..skills.archive import export_skill, import_skill
from ..skills.library import SkillLibrary, default_folder
from .bounds import SEEDS, whole_number
from .output import write_json

_SHOWN = ("name", "robot", "command", "created", "source")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    parser.add_argument("--folder", type=Path, help=f"of the library (default: {default_folder()})")
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    actions.add_parser("list", help="all skills")
    show = _named(actions, "show", "what one skill is")
    show.add_argument("--strip", type=Path, metavar="FILE", help="write its picture there (PNG)")
    save = _named(actions, "save", "imagine, project and rehearse a sentence, and keep the plan")
    save.add_argument("--command", required=True, metavar="SENTENCE")
    save.add_argument("--bundle", default="walker", metavar="NAME|FOLDER")
    save.add_argument("--seed", type=whole_number(0, SEEDS), default=0)
    save.add_argument(
        "--rehearse", type=whole_number(0, 16), default=8, metavar="K", help="ways to try; 0: none"
    )
    save.add_argument("--replace", action="store_true", help="the skill of that name, if there is")
    _named(actions, "export", "write one file").add_argument("file", type=Path)
    take = actions.add_parser("import", help="take an exported file into the library")
    take.add_argument("file", type=Path)
    take.add_argument("--replace", action="store_true", help="the skill of that name, if there is")
    _named(actions, "delete", "forget a skill")
    for action in actions.choices.values():
        # Also behind the action, without hiding the one in front of it.
        action.add_argument(
            "--json", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="write the result"
        )


def main(args: argparse.Namespace) -> int:
    """Do it; 0 if it worked."""
    library = SkillLibrary(args.folder or default_folder(), on_quarantine=_warn)
    result = {
        "list": _list,
        "show": _show,
        "save": _save,
        "export": _export,
        "import": _import,
        "delete": _delete,
    }[args.action](library, args)
    write_json(args.json, result)
    return 0


def _list(library: SkillLibrary, args: argparse.Namespace) -> dict[str, Any]:
    found = library.descriptions()
    for skill in found:
        print("  ".join(f"{skill[key]:<12}" for key in _SHOWN).rstrip())
    if not found:
        print(f"no skills in {library.folder}")
    return {"folder": str(library.folder), "skills": found}


def _show(library: SkillLibrary, args: argparse.Namespace) -> dict[str, Any]:
    skill = library.load(args.name)
    description = library.describe(args.name)
    for key, value in description.items():
        print(f"{key}: {value}")
    print(f"observations: {len(skill.observations)}")
    if args.strip is not None:
        if not skill.strip:
            raise SkillError(f"skill {skill.name!r} has no picture", ErrorCode.SKILL_MISSING)
        args.strip.write_bytes(skill.strip)
        print(f"{args.strip}: what was imagined, above what was found")
    return {**description, "observations": len(skill.observations)}


def _save(library: SkillLibrary, args: argparse.Namespace) -> dict[str, Any]:
    from ..bundle import Bundle
    from ..imagine.registry import load_imaginer
    from ..pipeline import Pipeline
    from ..planning import skill_of
    from ..rehearse.rehearsal import Rehearsal
    from ..skills.names import skill_name

    name = skill_name(args.name)
    bundle = Bundle.load(args.bundle)
    pipeline = Pipeline(bundle, load_imaginer("storyboard"), variations=4)
    plan = pipeline.plan(args.command, seed=args.seed)
    if args.rehearse > 1:
        plan = Rehearsal(bundle, count=args.rehearse).improve(plan, seed=args.seed, refuse=True)
    skill = skill_of(plan, bundle, name)
    library.save(skill, replace=args.replace)
    print(f"{name}: {skill.command!r}, {skill.source}" + (f"; {skill.note}" if skill.note else ""))
    return {
        **library.describe(name),
        "rehearsal": None if plan.rehearsal is None else plan.rehearsal.to_dict(),
    }


def _export(library: SkillLibrary, args: argparse.Namespace) -> dict[str, Any]:
    skill = library.load(args.name)
    export_skill(skill, args.file)
    print(f"{args.file}: {skill.name}")
    return {"name": skill.name, "file": str(args.file)}


def _import(library: SkillLibrary, args: argparse.Namespace) -> dict[str, Any]:
    skill = import_skill(args.file)
    library.save(skill, replace=args.replace)
    print(f"{skill.name}: {skill.command!r} of {skill.robot}, bundle {skill.bundle[:12]}")
    return library.describe(skill.name)


def _delete(library: SkillLibrary, args: argparse.Namespace) -> dict[str, Any]:
    library.delete(args.name)
    print(f"{args.name} is deleted")
    return {"name": args.name, "deleted": True}


def _named(actions: Any, action: str, text: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(action, help=text)
    parser.add_argument("name")
    return parser


def _warn(name: str, reason: str) -> None:
    print(f"rlzero skills: {reason}", file=sys.stderr)
