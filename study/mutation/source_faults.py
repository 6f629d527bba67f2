"""Single changes of the hardware's Amaranth source, each put in force without touching a file."""

import ast
import contextlib
import importlib
import inspect
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from amaranth.hdl import UnusedElaboratable

from ... import hdl

HARDWARE = f"{hdl.__name__}."
"""Names of modules that describe hardware begin so."""
CONFIGURATION = HARDWARE + "config."
"""But these say only what is asked for."""
LIMIT_S = 60
"""Of an elaboration: a changed loop may have no end."""
_OTHER_OPERATORS: dict[type[ast.AST], tuple[type[Any], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.FloorDiv: (ast.Mult,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd, ast.BitXor),
    ast.BitXor: (ast.BitOr,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt,),
}


class ElaborationFailed(Exception):
    """Changed source makes no hardware."""


@dataclass(frozen=True, kw_only=True)
class SourceFault:
    """One change of one function."""

    module: str
    """Name of the Python module."""
    function: str
    """The function or method that is changed, qualified."""
    line: int
    number: int
    """Which of the changes of that function it is."""
    kind: str
    change: str
    """What stood there, and what does now."""

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.module.partition('.')[2].replace('.', '/')}.py:{self.line}"


def functions_of(make: Callable[[], object]) -> set[tuple[str, str]]:
    """Module and function of all of the hardware's source that runs while `make` does."""
    files: dict[str, str] = {}
    for name, module in list(sys.modules.items()):
        if name.startswith(HARDWARE) and not name.startswith(CONFIGURATION):
            files[str(getattr(module, "__file__", ""))] = name
    found: set[tuple[str, str]] = set()

    def see(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if code.co_filename in files:
            outermost = code.co_qualname.partition(".<locals>")[0]
            found.add((files[code.co_filename], outermost))

    before = sys.getprofile()
    sys.setprofile(see)
    try:
        make()
    finally:
        sys.setprofile(before)
    return found


def faults_of(module: str, function: str) -> list[SourceFault]:
    """Every change of a function, or none where it is no function whose code can be changed."""
    found = importlib.import_module(module)
    if _function(found, function) is None:
        return []
    node = _definition(ast.parse(_source(found)), function)
    return [
        SourceFault(
            module=module,
            function=function,
            line=change.line,
            number=number,
            kind=change.kind,
            change=f"{change.before} -> {change.after}",
        )
        for number, change in enumerate(_changes(node) if node else [])
    ]


@contextlib.contextmanager
def in_force(fault: SourceFault) -> Iterator[None]:
    """While it lasts, the function does what the changed source says."""
    module = importlib.import_module(fault.module)
    function = _function(module, fault.function)
    tree = ast.parse(_source(module))
    node = _definition(tree, fault.function)
    if function is None or node is None:
        raise ValueError(f"{fault.module}: no function {fault.function}")
    _changes(node)[fault.number].apply()
    ast.fix_missing_locations(tree)
    changed = compile(tree, str(module.__file__), "exec")
    original = function.__code__
    function.__code__ = next(
        code for code in _codes(changed) if code.co_qualname == original.co_qualname
    )
    try:
        yield
    finally:
        function.__code__ = original


def elaborated(fault: SourceFault, make: Callable[[], str]) -> str:
    """What `make` gives while a fault is in force.

    Raises
    ------
    ElaborationFailed
        Nothing: an error, or no end.
    """

    def stop(number: int, frame: object) -> None:
        raise TimeoutError(f"found no end in {LIMIT_S} s")

    # What is made before an error is not used.
    warnings.filterwarnings("ignore", category=UnusedElaboratable)
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT_S)
    try:
        with in_force(fault):
            return make()
    # Whatever a changed line raises.
    except Exception as error:
        text = str(error).partition("\n")[0]
        raise ElaborationFailed(f"{type(error).__name__}: {text}") from None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def _function(module: ModuleType, qualified: str) -> FunctionType | None:
    """The function itself, taken out of a property or a class method."""
    found: Any = module
    for name in qualified.split("."):
        found = inspect.getattr_static(found, name, None)
    for wrapper in ("fget", "func", "__func__", "__wrapped__"):
        found = (inspect.getattr_static(found, wrapper, None) and getattr(found, wrapper)) or found
    return found if inspect.isfunction(found) else None


def _definition(tree: ast.Module, qualified: str) -> ast.FunctionDef | None:
    found: ast.AST | None = tree
    for name in qualified.split("."):
        body = getattr(found, "body", [])
        found = next((each for each in body if getattr(each, "name", None) == name), None)
    return found if isinstance(found, ast.FunctionDef) else None


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


@dataclass(frozen=True)
class _Change:
    kind: str
    line: int
    before: str
    after: str
    apply: Callable[[], None]


def _changes(function: ast.FunctionDef) -> list[_Change]:
    """All changes of a function, in the order of the source."""
    found: list[_Change] = []
    for statement in function.body:
        if not _is_text(statement):
            _collect(statement, found)
    return found


def _is_text(statement: ast.stmt) -> bool:
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Expr) and isinstance(getattr(value, "value", None), str)


def _collect(node: ast.AST, found: list[_Change]) -> None:
    # What is said when something is refused is no hardware.
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
        return
    for change in (_operators, _conditions, _choices, _statements):
        change(node, found)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant):
            _numbers(child, node, found)
        elif not (isinstance(child, ast.stmt) and _is_text(child)):
            _collect(child, found)


def _add(
    found: list[_Change], kind: str, node: Any, values: dict[str, Any], shown: Any = None
) -> None:
    """Note the change that gives the fields of a node other values."""
    whole = shown or node
    line, before = node.lineno, _first_line(whole)
    kept = {name: getattr(node, name) for name in values}

    def apply() -> None:
        for name, value in values.items():
            setattr(node, name, value)

    apply()
    after = _first_line(ast.fix_missing_locations(whole))
    for name, value in kept.items():
        setattr(node, name, value)
    found.append(_Change(kind, line, before, after, apply))


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0]


def _operators(node: ast.AST, found: list[_Change]) -> None:
    if isinstance(node, ast.BinOp):
        for other in _OTHER_OPERATORS.get(type(node.op), ()):
            _add(found, "operator", node, {"op": other()})
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in _OTHER_OPERATORS.get(type(node.ops[0]), ()):
            _add(found, "comparison", node, {"ops": [other()]})
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        # Twice is not at all.
        again = ast.UnaryOp(op=ast.Invert(), operand=node.operand)
        _add(found, "inversion", node, {"operand": ast.copy_location(again, node)})


def _numbers(node: ast.Constant, around: ast.AST, found: list[_Change]) -> None:
    if type(node.value) is int:
        shown = around if isinstance(around, ast.expr) else node
        for value in (node.value + 1, node.value - 1):
            _add(found, "number", node, {"value": value}, shown)


def _conditions(node: ast.AST, found: list[_Change]) -> None:
    if isinstance(node, ast.If | ast.IfExp):
        opposite = ast.copy_location(ast.UnaryOp(op=ast.Not(), operand=node.test), node.test)
        _add(found, "condition", node, {"test": opposite})
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("If", "Elif"):
        zero = ast.Compare(left=node.args[0], ops=[ast.Eq()], comparators=[ast.Constant(0)])
        _add(found, "condition", node, {"args": [ast.copy_location(zero, node)]})
        never = ast.BinOp(left=node.args[0], op=ast.BitAnd(), right=ast.Constant(0))
        _add(found, "branch", node, {"args": [ast.copy_location(never, node)]})


def _choices(node: ast.AST, found: list[_Change]) -> None:
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Mux":
        condition, one, other = node.args
        _add(found, "choice", node, {"args": [condition, other, one]})


def _statements(node: ast.AST, found: list[_Change]) -> None:
    """Assignments of the hardware are left out: what is added to a domain is an empty list, or one
    of several less."""
    if isinstance(node, ast.AugAssign) and ".d." in f".{ast.unparse(node.target)}":
        nothing = ast.copy_location(ast.List(elts=[], ctx=ast.Load()), node.value)
        _add(found, "assignment", node, {"value": nothing})
        given = node.value.elts if isinstance(node.value, ast.List) else []
        for place in range(len(given) if len(given) > 1 else 0):
            kept = [*given[:place], *given[place + 1 :]]
            _add(found, "assignment", node.value, {"elts": kept}, node)
