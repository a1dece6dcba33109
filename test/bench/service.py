"""A scoring service as teams write them: FastAPI, one endpoint. Run by uvicorn with MODEL set."""
import os
from typing import List, Optional

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np      # noqa: E402
import xgboost as xgb   # noqa: E402
from fastapi import FastAPI     # noqa: E402
from pydantic import BaseModel  # noqa: E402

app = FastAPI()
booster = xgb.Booster({"nthread": 1}, model_file=os.environ["MODEL"])


class Rows(BaseModel):
    rows: List[List[Optional[float]]]


@app.post("/score")
async def score(body: Rows):
    return {"scores": booster.inplace_predict(np.array(body.rows, dtype=np.float32)).tolist()}
