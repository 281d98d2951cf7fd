"""Handing workbooks in, and their verdict as it comes."""

from fastapi import APIRouter

router = APIRouter()
