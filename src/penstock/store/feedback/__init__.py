"""The feedback log: every decision and what came of it, in SQL, written from the journal."""

from penstock.store.feedback.database import FeedbackError
from penstock.store.feedback.reader import FeedbackReader
from penstock.store.feedback.story import (
    ChildStory,
    DecisionStory,
    Moment,
    Outcome,
    ParentStory,
    RowStory,
    SituationStory,
)
from penstock.store.feedback.writer import (
    FeedbackWriter,
    WriteReport,
    forget_run,
    run_name,
    write_feedback,
)

__all__ = [
    "ChildStory",
    "DecisionStory",
    "FeedbackError",
    "FeedbackReader",
    "FeedbackWriter",
    "Moment",
    "Outcome",
    "ParentStory",
    "RowStory",
    "SituationStory",
    "WriteReport",
    "forget_run",
    "run_name",
    "write_feedback",
]
