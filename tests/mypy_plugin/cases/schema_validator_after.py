# A validator that comes after the types can only refuse more, and a method is none.

from pydantic import BaseModel, field_validator
from graflow import TaskExecutionContext

class Row(BaseModel):
    count: str
class After(BaseModel):
    count: int
    @field_validator("count")
    @classmethod
    def _positive(cls, value: int) -> int:
        return abs(value)
    def twice(self) -> int:
        return 2 * self.count
def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Row).set("row", Row(count="3"))  # E: Channel key "row" is used as "Row" here, but as "After" in app.main.use  [graflow-key-type]
    ctx.get_typed_channel(After).get("row")  # E: Channel key "row" is used as "After" here, but as "Row" in app.main.use  [graflow-key-type]
