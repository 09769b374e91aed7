import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegate.data.table_source import ParquetSource, TableSource
from tidegate.errors import DataError

TABLE = pa.table({"id": ["a", "b"], "ds": pa.array([1, 2]), "y": [1.0, 2.0]})


def test_a_table_in_memory():
    source = TableSource(TABLE, kind="polars")
    assert source.kinds() == {"id": "text", "ds": "integer", "y": "number"}
    assert source.fetch({"y": "number"})["y"].to_pylist() == [1.0, 2.0]
    assert source.row(5) == 5
    assert source.sentences() == []
    assert source.kind == "polars"


def test_a_parquet_file_and_a_folder(tmp_path):
    for number in (2, 1):
        (tmp_path / f"store={number}").mkdir()
        pq.write_table(TABLE, tmp_path / f"store={number}" / "part.parquet")
    single = ParquetSource(tmp_path / "store=1" / "part.parquet")
    assert single.fetch({"id": "id"})["id"].to_pylist() == ["a", "b"]
    folder = ParquetSource(tmp_path)
    assert folder.kinds()["store"] == "integer"
    made = folder.fetch({"store": "id", "id": "id"})
    assert made["store"].to_pylist() == [1, 1, 2, 2]
    assert folder.sentences() == []
    assert folder.row(3) == 3


def test_what_is_no_parquet_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"the folder .* holds no .parquet file"):
        ParquetSource(tmp_path)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        ParquetSource(broken)


def test_tables_of_different_columns_are_refused(tmp_path):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    pq.write_table(TABLE.set_column(2, "y", pa.array(["x", "z"])), tmp_path / "b.parquet")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        ParquetSource(tmp_path).fetch({"y": "number"})


def test_no_rows_and_equal_names_are_refused(tmp_path):
    with pytest.raises(DataError, match="the frame has no rows"):
        TableSource(TABLE.slice(0, 0)).fetch({"y": "number"})
    pq.write_table(TABLE.slice(0, 0), tmp_path / "none.parquet")
    with pytest.raises(DataError, match=r"none.parquet' has no rows"):
        ParquetSource(tmp_path / "none.parquet").fetch({"y": "number"})
    with pytest.raises(DataError, match="two columns of the frame are called 'y'"):
        TableSource(pa.table([[1], [2]], names=["y", "y"]))
