"""Pages of the federation's staff: figures, drilling down, publications."""

from fastapi import APIRouter

router = APIRouter()
