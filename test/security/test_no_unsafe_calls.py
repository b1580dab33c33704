"""No line of the package, its launch files or examples runs code that came as data.

The whole syntax tree of every file is looked at, so that an alias or a line break hides nothing
that a search for text would find.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("rlzero_ros", "launch", "examples", "scripts")
    for path in (ROOT / folder).rglob("*.py")
)
MODULES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "pty.spawn"}
FULL_NAMES = {
    "yaml.unsafe_load",
    "yaml.full_load",
    "yaml.unsafe_load_all",
    "torch.jit.load",
    "torch.hub.load",
    "pandas.read_pickle",
    "importlib.reload",
}
LOADERS = {"yaml.load", "yaml.load_all"}
SAFE_LOADERS = {"SafeLoader", "CSafeLoader", "_PlainLoader"}  # the last derives from the first


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a name or attribute, an empty string for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((k.value for k in call.keywords if k.arg == name), None)


def is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def faults(tree: ast.AST) -> Iterator[tuple[int, str]]:
    names: dict[str, str] = {}  # what the file calls things, and what they are
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            modules = []
        for module in modules:
            if module.split(".")[0] in MODULES:
                yield node.lineno, f"imports {module}"
        if isinstance(node, ast.Call):
            head, _, rest = dotted(node.func).partition(".")
            full = names.get(head, head) + (f".{rest}" if rest else "")
            yield from ((node.lineno, why) for why in unsafe_call(full, node))


def unsafe_call(full: str, call: ast.Call) -> Iterator[str]:
    full = full.replace("numpy.", "np.")
    if full in CALLS or full in FULL_NAMES:
        yield full
    if full == "torch.load" and not is_true(keyword(call, "weights_only")):
        yield "torch.load without weights_only=True"
    if keyword(call, "allow_pickle") is not None and is_true(keyword(call, "allow_pickle")):
        yield "allow_pickle=True"
    if full == "np.load" and len(call.args) > 2:
        yield "np.load with positional allow_pickle"
    if full in LOADERS:
        given = keyword(call, "Loader") or (call.args[1] if len(call.args) > 1 else None)
        if given is None or dotted(given).rsplit(".", 1)[-1] not in SAFE_LOADERS:
            yield f"{full} without a safe loader"
    shell = keyword(call, "shell")
    if shell is not None and not (isinstance(shell, ast.Constant) and shell.value is False):
        yield "shell=True"
    if is_true(keyword(call, "trust_remote_code")):
        yield "trust_remote_code=True"
    loads_weights = full.endswith((".from_pretrained", ".download")) and "okenizer" not in full
    if loads_weights and not is_true(keyword(call, "use_safetensors")):
        yield f"{full} without use_safetensors=True"


def test_faiss_files_are_read_where_they_are_checked_first() -> None:
    readers = [p for p in FILES if "faiss.read_index" in p.read_text(encoding="utf-8")]
    names = ["faiss_trial.py", "index.py"]
    assert sorted(p.relative_to(ROOT / "rlzero_ros/project").as_posix() for p in readers) == names
    text = {p.name: p.read_text(encoding="utf-8") for p in readers}
    index, trial = text["index.py"], text["faiss_trial.py"]
    assert index.index("check_faiss_file(folder") < index.index("faiss.read_index(")
    # The trial reads in a process of its own, after its memory is bounded.
    assert trial.index("setrlimit(") < trial.index("faiss.read_index(")


def test_no_file_runs_code_that_came_as_data() -> None:
    assert len(FILES) > 100
    found = [
        f"{path.relative_to(ROOT)}:{line}: {why}"
        for path in FILES
        for line, why in faults(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads as harmless",
        "import numpy as n\nn.load(f, allow_pickle=True)",
        "from torch import load as get\nget(f)",
        "import torch as t\nt.load(f, weights_only=False)",
        "import yaml as y\ny.load(\n  f,\n  Loader=y.Loader)",
        "from yaml import load\nload(f)",
        "eval(text)",
        "import subprocess as s\ns.run(text, shell=True)",
        "from os import system\nsystem(text)",
        "Model.from_pretrained(name)",
        "Model.from_pretrained(name, use_safetensors=True, trust_remote_code=True)",
    ],
)
def test_the_search_finds_what_it_is_for(line: str) -> None:
    assert list(faults(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    ["model.eval()", "yaml.load(f, Loader=SafeLoader)", "torch.load(f, weights_only=True)"],
)
def test_the_search_leaves_the_rest_alone(line: str) -> None:
    assert not list(faults(ast.parse("import torch, yaml\n" + line)))
