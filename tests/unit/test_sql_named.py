"""Named queries: blocks of a file by name, and nothing that could be misread."""

import pytest

from sql.named import QUERIES, parse, queries


def test_a_block_is_found_by_its_name_without_its_comments() -> None:
    """A "%" in a comment would be read as a parameter by psycopg2."""
    assert parse("-- name: one\n-- 100 % of it\nselect 1;\n\n-- name: two\nselect\n    %(x)s;\n") == {
        "one": "select 1",
        "two": "select\n    %(x)s",
    }


@pytest.mark.parametrize(
    "text",
    [
        "select 1;\n-- name: one\nselect 1;",
        "-- name: one\nselect 1;\n-- name: one\nselect 2;",
        "-- name: one\n-- nothing but words\n",
        "-- name: One two\nselect 1;",
    ],
    ids=["a statement without a name", "a name twice", "an empty block", "a bad name"],
)
def test_a_file_that_could_be_misread_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"name"):
        parse(text)


@pytest.mark.parametrize("file", sorted(path.stem for path in QUERIES.glob("*.sql")))
def test_every_query_file_of_the_house_is_readable(file: str) -> None:
    assert queries(file)
