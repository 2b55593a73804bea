"""Rows of a Parquet file, by DuckDB, which is imported when such a file comes.

Not by pyarrow: pandas imports it wherever it is installed, and gradio imports pandas, so that every start of the server
would take 34 MB and a second more (measured with pandas 3.1.1 and pyarrow 26.0.1).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bert_demo.core.errors import BadDataError
from bert_demo.data.json_rows import written

MAGIC = b"PAR1"


def read_parquet(
    content: bytes, source: str = "", most: int | None = None
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The names of the columns, and the cells of each row, the first `most`. Raises BadDataError."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        path.write_bytes(content)
        try:
            with duckdb.connect() as connection:
                connection.execute("SET threads = 1; SET memory_limit = '1GB'")
                connection.execute(f"SET allowed_paths = ['{path}']; SET enable_external_access = false")
                found = connection.execute(
                    "SELECT * FROM read_parquet(?) LIMIT ?", [str(path), 2**40 if most is None else most]
                )
                names = tuple(str(each[0]) for each in found.description or ())
                rows = [tuple(written(value) for value in row) for row in found.fetchall()]
        except duckdb.Error as error:
            said = str(error).splitlines()[0].replace(str(path), "the file")[:120]
            raise BadDataError(f"{source or 'The Parquet file'} cannot be read: {said}") from error
    return names, rows


def write_parquet(columns: dict[str, list[object]]) -> bytes:
    """Columns of one length as a Parquet file."""
    import duckdb

    names = list(columns)
    kinds = {name: _kind(values) for name, values in columns.items()}
    quoted = [name.replace('"', '""') for name in names]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        with duckdb.connect() as connection:
            fields = ", ".join(f'"{field}" {kinds[name]}' for field, name in zip(quoted, names, strict=True))
            connection.execute(f"CREATE TABLE found ({fields})")
            if any(columns.values()):
                lists = ", ".join(f"unnest(?::{kinds[name]}[])" for name in names)
                connection.execute(f"INSERT INTO found SELECT {lists}", list(columns.values()))
            connection.execute(f"COPY found TO '{path}' (FORMAT parquet)")
        return path.read_bytes()


def _kind(values: list[object]) -> str:
    there = {type(value) for value in values if value is not None}
    return (
        {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}.get(there.pop(), "VARCHAR") if len(there) == 1 else "VARCHAR"
    )
