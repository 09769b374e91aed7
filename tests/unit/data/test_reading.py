import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tidegate.data.columns import Columns, Options
from tidegate.data.reading import open_source, read
from tidegate.errors import DataError

TEXT = "unique_id,ds,y,k\n" + "".join(
    f"{name},2020-{month:02d}-01,{month},{month}\n" for name in "ab" for month in range(1, 7)
)
NEXT = "unique_id,ds,k\n" + "".join(f"{name},2020-{month:02d}-01,{month}\n" for name in "ab" for month in range(7, 10))


def same(first, second):
    np.testing.assert_array_equal(first.values, second.values)
    np.testing.assert_array_equal(first.times, second.times)
    assert first.ids.tolist() == second.ids.tolist()
    assert first.frequency == second.frequency == "MS"


def test_the_same_from_any_kind_of_file(write, tmp_path):
    plain = read(write(TEXT))
    same(plain, read(write(gzip.compress(TEXT.encode()), "data.csv.gz")))
    same(plain, read(str(write(TEXT.replace(",", ";"), "semicolon.csv"))))
    months = np.array([f"2020-{month:02d}" for month in range(1, 7)], "M8[M]").astype("M8[D]")
    table = pa.table({"unique_id": list("aaaaaabbbbbb"), "ds": np.tile(months, 2), "y": [*range(1, 7), *range(1, 7)]})
    pq.write_table(table, tmp_path / "data.parquet")
    same(plain, read(tmp_path / "data.parquet"))
    (tmp_path / "parts").mkdir()
    for number in range(2):
        pq.write_table(table.slice(number * 6, 6), tmp_path / "parts" / f"{number}.parquet")
    same(plain, read(tmp_path / "parts"))


def test_known_covariates_from_a_second_file(write):
    columns = Columns(known=("k",))
    panel = read(write(TEXT), columns, future=write(NEXT, "next.csv"))
    assert panel.future.offsets.tolist() == [0, 3, 6]
    assert panel.future.covariates.values[:, 0].tolist() == [7, 8, 9, 7, 8, 9]


def test_places_in_parquet_are_row_numbers(tmp_path):
    pq.write_table(pa.table({"ds": [1, 2, 3], "y": [1.0, np.inf, 3.0]}), tmp_path / "data.parquet")
    with pytest.raises(DataError, match=r"row 1, column 'y'"):
        read(tmp_path / "data.parquet")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"there is no file .*nowhere.csv'. Check the path"):
        open_source(tmp_path / "nowhere.csv")


DIRTY = Options(duplicates="mean", fill="interpolate")


@pytest.mark.parametrize(
    ("name", "columns", "options", "frequency", "shape"),
    [
        ("air_passengers.csv", Columns(), Options(), "MS", (1, 144)),
        ("ausbeer.csv", Columns(), Options(), "QS-JAN", (1, 211)),
        ("bike_sharing.csv.gz", Columns(known=("weather", "temp")), Options(), "h", (1, 17_544)),
        ("calls_5min.csv.gz", Columns(), Options(frequency="1"), "1", (1, 27_716)),
        ("calls_5min.csv.gz", Columns(), Options(resample="sum", frequency="B", fill="zero"), "B", (1, 170)),
        ("carparts.csv.gz", Columns(), Options(), "MS", (2_674, 130_252)),
        ("etth1.csv", Columns(target="OT"), Options(), "h", (1, 17_420)),
        ("etth1.csv", Columns(target="*"), Options(), "h", (7, 121_940)),
        ("heart_rate.csv", Columns(), Options(), "1", (1, 1_800)),
        ("iclaims.csv", Columns(), Options(), "W-SUN", (1, 575)),
        ("ilinet.csv", Columns(), DIRTY, "W-SUN", (1, 1_305)),
        ("m3_monthly.csv.gz", Columns(static=("category",)), Options(), "MS", (1_428, 167_562)),
        ("m3_other.csv.gz", Columns(), Options(), "1", (174, 13_325)),
        ("m3_yearly.csv.gz", Columns(), Options(), "YS-JAN", (645, 18_319)),
        ("m4_hourly.csv.gz", Columns(), Options(), "1", (414, 373_372)),
        ("nn5_daily.csv.gz", Columns(), DIRTY, "D", (111, 87_801)),
        ("peyton_manning.csv", Columns(), DIRTY, "D", (1, 2_964)),
        ("pjm_aep_hourly.csv.gz", Columns(), DIRTY, "h", (1, 121_296)),
        ("sunspots_monthly.csv", Columns(), Options(), "MS", (1, 2_820)),
        ("taylor_halfhourly.csv", Columns(), Options(), "30min", (1, 4_032)),
        ("temps.csv", Columns(), DIRTY, "D", (1, 3_652)),
        ("us_gasoline.csv", Columns(), Options(), "W-FRI", (1, 1_578)),
        ("victoria_electricity.csv.gz", Columns(known=("temperature",)), Options(), "30min", (1, 52_608)),
        ("wikipedia_page_visits.csv.gz", Columns(), Options(), "D", (50, 91_300)),
        ("yosemite_temps.csv.gz", Columns(), DIRTY, "5min", (1, 18_721)),
    ],
)
def test_real_files(data_folder, name, columns, options, frequency, shape):
    panel = read(data_folder / name, columns, options)
    assert panel.frequency == frequency
    assert (len(panel), len(panel.times)) == shape


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "pjm_aep_hourly.csv.gz",
            r"4 rows repeat.*27 steps are missing.*--duplicates mean --fill interpolate.*--timezone",
        ),
        ("nn5_daily.csv.gz", r"row 22, column 'y', series 'NN5-001'.*1,677 values.*--fill interpolate"),
        ("calls_5min.csv.gz", r"row 171.*40,133 steps are missing.*--frequency 1.*--resample sum"),
        ("etth1.csv", r"several columns could be the target: 'HUFL'.*--target '\*'"),
    ],
)
def test_real_files_that_need_an_option(data_folder, name, message):
    with pytest.raises(DataError, match=message):
        read(data_folder / name)
