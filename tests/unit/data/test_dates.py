import datetime
import re

import numpy as np

from tidegate.data.dates import dates


def test_targets_are_the_dates_that_sources_say():
    """Read with the standard library where it can, by form."""
    sources, targets = dates(2_000, np.random.default_rng(7))
    assert len(sources) == len(targets) == 2_000
    plain = ("%d %B %Y", "%B %d, %Y", "%A, the %d of %B %Y", "%d %b %y", "%m/%d/%Y", "%b %d %Y")
    found = dict.fromkeys(plain, 0)
    for source, target in zip(sources, targets, strict=True):
        said = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", source)
        form = next(form for form in plain if is_date(said, form))
        found[form] += 1
        day = datetime.datetime.strptime(said, form).date()
        century = -100 if day.year >= 2050 else 100 if day.year < 1950 else 0
        assert day.replace(year=day.year + century).isoformat() == target
        assert form != "%b %d %Y" or re.search(r"\d(st|nd|rd|th) ", source)
    assert min(found.values()) > 200


def is_date(text, form):
    try:
        datetime.datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def test_ordinals_end_as_people_write_them():
    sources, _ = dates(2_000, np.random.default_rng(7))
    text = " ".join(sources)
    assert set(re.findall(r"\b(?:11|12|13)(st|nd|rd|th)", text)) == {"th"}
    assert set(re.findall(r"\b(?:1|21|31)(st|nd|rd|th)", text)) == {"st"}
