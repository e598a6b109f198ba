"""The operators of cosmic-ray that serve here, as edits.

cosmic-ray replaces each operator by each other one; of these, one or two of every kind say all that there is to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators import (
    binary_operator_replacement,
    boolean_replacer,
    break_continue,
    comparison_operator_replacement,
    exception_replacer,
    number_replacer,
    remove_decorator,
    unary_operator_replacement,
    zero_iteration_for_loop,
)
from mutant_source import Edit, Operators, Source, Unit

_PAIRS = ("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_Gt", "Gt_Lt", "Is_IsNot", "IsNot_Is")
_COMPARISONS = " ".join(f"ReplaceComparisonOperator_{pair}" for pair in _PAIRS)
_CHOSEN: tuple[tuple[str, Any, str], ...] = (
    ("comparison", comparison_operator_replacement, _COMPARISONS),
    ("arithmetic", binary_operator_replacement, "ReplaceBinaryOperator_Add_Sub ReplaceBinaryOperator_Sub_Add"),
    ("unary", unary_operator_replacement, "ReplaceUnaryOperator_Delete_Not ReplaceUnaryOperator_Delete_USub"),
    ("boolean", boolean_replacer, "ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceAndWithOr ReplaceOrWithAnd AddNot"),
    ("number", number_replacer, "NumberReplacer"),
    ("loop", break_continue, "ReplaceBreakWithContinue ReplaceContinueWithBreak"),
    ("no-iteration", zero_iteration_for_loop, "ZeroIterationForLoop"),
    ("handler", exception_replacer, "ExceptionReplacer"),
    ("decorator", remove_decorator, "RemoveDecorator"),
)


def _edits(classes: tuple[Any, ...]) -> Callable[[Source, Unit], Iterator[Edit]]:
    def edits(source: Source, unit: Unit) -> Iterator[Edit]:
        for each in classes:
            operator = each()
            count = sum(1 for node in ast_nodes(get_ast(unit.code)) for _ in operator.mutation_positions(node))
            for number in range(count):
                changed = mutate_code(unit.code, operator, number)
                if changed is not None and changed != unit.code:
                    yield difference(unit, changed)

    return edits


def difference(unit: Unit, changed: str) -> Edit:
    """Return the shortest edit that makes a unit what it was changed to."""
    code = unit.code
    least = min(len(code), len(changed))
    start = next((at for at in range(least) if code[at] != changed[at]), least)
    most = least - start
    end = next((at for at in range(most) if code[-1 - at] != changed[-1 - at]), most)
    return Edit(unit.shift + start, unit.shift + len(code) - end, changed[start : len(changed) - end])


COSMIC: Operators = {
    name: _edits(tuple(getattr(module, each) for each in names.split())) for name, module, names in _CHOSEN
}
"""cosmic-ray's operators, by our names for them."""
