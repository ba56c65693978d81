"""The number of jobs in each status, as a sum of changes."""

from sqlalchemy import BigInteger, Identity, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.enums import Status


class JobCount(Base):
    """One change of the number of jobs in a status. Triggers on `jobs` add them (migration 0007);
    nothing is ever updated, so no two moves wait for each other. services/jobs/counts.py sums."""

    __tablename__ = "job_counts"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    status: Mapped[Status] = mapped_column(String(20))
    change: Mapped[int]
