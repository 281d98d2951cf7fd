"""Pages of reviewers and stewards: queue, submission, coverage, chasing."""

from fastapi import APIRouter

router = APIRouter()
