"""统一社会信用代码: what the check digit finds and what the messages say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebang.orgs.credit_code import ALPHABET, check_digit, normalise, problem

characters = st.sampled_from(ALPHABET)
firsts = st.builds(
    lambda head, region, rest: head + region + rest,
    st.text(characters, min_size=2, max_size=2),
    st.text(st.sampled_from("0123456789"), min_size=6, max_size=6),
    st.text(characters, min_size=9, max_size=9),
)


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y43",  # the standard's own example
        "91370100MAE55TH28E",
        "123700004671900396",
    ],
)
def test_known_codes_are_right(code: str) -> None:
    assert problem(code) is None


@given(firsts)
def test_every_completed_code_is_right(first: str) -> None:
    assert problem(first + check_digit(first)) is None


@given(firsts, st.integers(0, 17), characters)
def test_every_single_wrong_character_is_found(first: str, position: int, other: str) -> None:
    code = first + check_digit(first)
    if code[position] != other:
        assert problem(code[:position] + other + code[position + 1 :]) is not None


@given(firsts, st.integers(0, 16))
def test_every_swap_of_neighbours_is_found(first: str, position: int) -> None:
    code = first + check_digit(first)
    one, two = code[position], code[position + 1]
    if one != two:
        assert problem(code[:position] + two + one + code[position + 2 :]) is not None


def test_two_errors_may_cancel_out() -> None:
    """Weights 1 and 3: three more in the first place, one less in the second."""
    first = "91370100MA0000001"
    other = "C0370100MA0000001"
    assert first != other
    assert check_digit(first) == check_digit(other)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "18 位"),
        ("91370100MAE55TH28", "少 1 位"),
        ("91370100MAE55TH28EE", "多 1 位"),
        ("9137O100MAE55TH28E", "第 5 位“O”"),
        ("91370100MAE55TH28！", "第 18 位“！”"),
        ("9137010AMAE55TH28E", "第 8 位“A”应为数字"),
        ("91370100MAE55TH28F", "校验位不符"),
    ],
)
def test_the_message_says_what_is_wrong(code: str, words: str) -> None:
    assert words in (problem(code) or "")


def test_spaces_width_and_case_do_not_matter() -> None:
    assert normalise(" ９1370100-mae55 th28e ") == "91370100MAE55TH28E"


@pytest.mark.parametrize("first", ["", "9137", "91370100MAE55TH2I"])
def test_no_check_digit_for_what_is_no_code(first: str) -> None:
    with pytest.raises(ValueError, match="17"):
        check_digit(first)
