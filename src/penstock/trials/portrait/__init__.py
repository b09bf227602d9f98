"""One day of a market without any order of ours: what its venues show and trade."""

from penstock.trials.portrait.files import prints_csv, quotes_csv
from penstock.trials.portrait.measures import Portrait, VenueDay, portray
from penstock.trials.portrait.page import portrait_page
from penstock.trials.portrait.table import portrait_tables

__all__ = [
    "Portrait",
    "VenueDay",
    "portrait_page",
    "portrait_tables",
    "portray",
    "prints_csv",
    "quotes_csv",
]
