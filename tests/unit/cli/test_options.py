"""What people type for lengths of time and speeds."""

import click
import pytest

from airside.cli.options import Duration, Speed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("30", 30),
        ("1.5m", 90),
        ("2 h", 7200),
        ("1d", 86_400),
        ("250ms", 0.25),
        (12.0, 12),
    ],
)
def test_a_length_of_time(text: object, seconds: float) -> None:
    assert Duration().convert(text, None, None) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "0s", "0", "-5s", "5 weeks", "1h30m", "5,5s", "nan"])
def test_what_is_no_length_of_time_says_how_to_write_one(text: str) -> None:
    with pytest.raises(click.BadParameter, match="not a length of time; write 30s, 5m or 1h"):
        Duration().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "factor"), [("60", 60), ("60x", 60), ("0.5×", 0.5), ("max", 0), (2.0, 2)]
)
def test_a_speed(text: object, factor: float) -> None:
    assert Speed().convert(text, None, None) == factor


@pytest.mark.parametrize("text", ["", "0", "-1", "fast", "inf", "nan", "maximum", "1e999"])
def test_what_is_no_speed_says_how_to_write_one(text: str) -> None:
    with pytest.raises(click.BadParameter, match="not a speed; write a factor such as 60, or max"):
        Speed().convert(text, None, None)
