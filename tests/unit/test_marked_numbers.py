import pyarrow as pa
import pytest

from components.example_gen.cells.marked_numbers import decimal_comma, is_marked, remedy
from components.example_gen.cells.spelling import alike


@pytest.mark.parametrize(
    "text",
    [
        *(
            "<0.91",
            "> 5",
            "≤ 3",
            "≥0.5",
            "~3",
            "± 2",
            "\u22125",
            "5-",
            "5*",
            "(5)",
            "(1,200)",
            "-$5",
            "$1,200",
            "100 USD",
        ),
        *(
            "1,234.5 €",
            "1.234,5",
            "3,5",
            "12 %",
            "12 kg",
            "5 mg/l",
            "1 234 567",
            "1\u202f234,5",
            "1\u00a0234",
            "1'234",
            "1_000",
        ),
        *("١٢", "1.5M", "37.2 °C"),
    ],
)
def test_a_number_with_a_mark(text):
    assert is_marked(pa.array([text])).all()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a",
            "",
            "2024-01-01",
            "12:30",
            "1.2.3",
            "192.168.0.1",
            "12a",
            "AB12",
            "4711ABC",
            "10-20",
            "1/2",
            "Room 5",
            "0x1F",
        ),
        *("5 apples", "1,2,3", "unknown", "< low", "%", "-"),
    ],
)
def test_what_is_no_number_with_a_mark(text):
    assert not is_marked(pa.array([text])).any()


def test_a_decimal_comma_has_a_remedy_of_its_own():
    assert [decimal_comma(text) for text in ("1,5", "-0,25", "1.234,5", "1,234", "1,234.5", "1.5")] == [True] * 3 + [
        False
    ] * 3
    assert remedy("1,5").endswith('or set data.decimal to "," if the comma is the decimal mark.')
    assert "data.missing" in remedy("<5")


def test_texts_that_a_person_reads_as_the_same_are_pointed_out():
    # Seen in public reports: deepchecks 1970 and Turi Create 1531, where `yes` and `Yes` became two classes.
    assert alike("churn", {"yes": 300, "Yes": 200, "no": 500}, "classes") == [
        'churn: "yes" (300 rows) and "Yes" (200) differ in case only; they are different classes. Write them alike.'
    ]
    (marked,) = alike("c", {"St. Gallen": 5, "St.  Gallen.": 2, "Bern": 1}, "categories")
    assert '"St. Gallen" (5 rows) and "St.  Gallen." (2) differ in blanks and a mark at the end only' in marked
    (composed,) = alike("c", {"gr\u00f6\u00dfe": 2, "gro\u0308\u00dfe": 1}, "categories")
    assert "differ in Unicode form only; they are different categories" in composed
    assert alike("c", {"a": 1, "b": 1, "A+": 1, "A-": 1}, "categories") == []
    many = {f"{text}{mark}": 1 for text in "abcde" for mark in ("", ".")}
    assert len(alike("c", many, "categories")) == 4
    assert alike("c", {f"{text}{mark}": 1 for text in range(400) for mark in ("", ".")}, "categories") == []
