"""What people write: texts of decisions and of remarks on figures."""

from __future__ import annotations

from dataclasses import dataclass

# about, text, department. Those that only a plant can decide stand last.
ROUTINE = (
    ("dso", "Call the ten customers with the oldest open invoices each week", "FIN"),
    ("receivables", "Agree a payment plan with two customers over their limit", "FIN"),
    ("dpo", "Move the payment run of small suppliers from weekly to fortnightly", "FIN"),
    ("administration", "Review the contracts of three advisers before they renew", "FIN"),
    ("people", "Fill two open posts from inside before hiring", "HR"),
    ("nps", "Visit five customers who answered 6 or less", "SAL"),
    ("csat", "Answer every complaint within two days", "SAL"),
    ("forecast_wape", "Compare the forecasts of the ten largest products with orders each month", "SAL"),
    ("revenue", "Stop discounts above the list without approval", "SAL"),
    ("freight", "Ask three hauliers for new rates on the main lanes", "LOG"),
    ("otif", "Ship orders with more than three lines from one dock", "LOG"),
    ("inventory", "Sell or scrap what has not moved for twelve months", "LOG"),
    ("dio", "Halve the lot size of the two slowest products", "OPS"),
    ("material_price", "Ask for a second quotation for every order above EUR 20,000", "PUR"),
    ("supplier_on_time", "Review the three latest suppliers each month", "PUR"),
    ("premium_freight", "Let the plant manager approve every express shipment", "LOG"),
    ("oee", "Prepare tools for the next run while the machine still works", "OPS"),
    ("first_pass_yield", "Check the first ten pieces of each run", "QUA"),
    ("scrap", "Sort scrap by cause for a month and act on the largest", "QUA"),
    ("maintenance", "Bring the yearly overhaul forward to the quiet month", "ENG"),
    ("overhead_spending", "Switch the compressors off outside shifts", "ENG"),
    ("labour", "Train four people on a second line", "OPS"),
    ("warranty", "Return five complaint parts to the laboratory each week", "QUA"),
)


@dataclass(frozen=True)
class Story:
    """A decision that belongs to a planted truth; dates as 2025-09-04, None when it has not come to that."""

    truth: str
    unit: str
    about: str
    owner: str
    text: str
    raised: str
    decided: str | None
    due: str | None
    closed: str | None
    value: int  # EUR a year


STORIES = (
    Story("price_war", "NORTH", "gross_margin", "SAL", "Match the competitor's price on ball valves only for key accounts",
          "2025-04-10", "2025-04-24", "2025-06-30", "2025-07-11", 240_000),
    Story("price_war", "NORTH", "revenue", "SAL", "Offer ball valves and actuators as a set at a joint price",
          "2025-10-14", "2025-10-21", "2025-12-12", None, 180_000),
    Story("price_war", "SOUTH", "gross_margin", "SAL", "Review prices of ball valves customer by customer",
          "2025-06-12", "2025-07-09", "2025-09-30", None, 150_000),
    Story("price_war", "SOUTH", "revenue", "MGT", "Decide whether to give up ball valves below DN 25",
          "2025-11-11", None, None, None, 90_000),
    Story("failing_machine", "EAST", "maintenance", "ENG", "Measure the vibration of the spindle of E-L1 each week",
          "2025-08-19", "2025-08-21", "2025-09-12", "2025-09-10", 0),
    Story("failing_machine", "EAST", "oee", "ENG", "Replace the spindle of E-L1", "2025-09-09", "2025-10-14",
          "2025-12-05", None, 330_000),
    Story("failing_machine", "EAST", "premium_freight", "LOG", "Agree later dates for pumps with customers instead of "
          "sending by express", "2025-10-14", "2025-10-21", "2025-11-28", "2025-12-09", 60_000),
    Story("failing_machine", "EAST", "otif", "OPS", "Run a third shift on E-L2 until the spindle is replaced",
          "2025-11-11", "2025-11-18", "2026-01-16", None, 140_000),
    Story("late_supplier", "NORTH", "supplier_on_time", "PUR", "Buy a third of the castings from the second foundry",
          "2024-06-11", "2024-06-18", "2024-09-30", "2024-09-24", 120_000),
    Story("slow_payers", "SOUTH", "dso", "FIN", "Stop deliveries to distributors more than 45 days late",
          "2025-02-11", "2025-03-11", "2025-05-30", "2025-07-04", 110_000),
    Story("slow_payers", "NORTH", "dso", "SAL", "Put 30 days net back into the distributors' yearly agreements",
          "2025-03-11", "2025-03-18", "2025-12-31", None, 260_000),
    Story("slow_payers", "HQ", "dso", "FIN", "One reminder and one contact for distributors who buy from several plants",
          "2025-09-10", "2025-09-17", "2025-11-28", None, 130_000),
    Story("biased_forecast", "WEST", "forecast_wape", "SAL", "Show the forecast beside what was ordered at each S&OP",
          "2025-04-09", "2025-04-16", "2025-05-30", None, 200_000),
    Story("biased_forecast", "WEST", "inventory", "OPS", "Cut the plan of actuators by a tenth until stock is below "
          "60 days", "2025-09-16", "2025-11-19", "2025-12-19", None, 310_000),
    Story("biased_forecast", "WEST", "overhead_absorption", "FIN", "Report profit without the overhead parked in stock",
          "2025-11-19", "2025-11-25", "2026-01-30", None, 0),
    Story("cheap_brass", "SOUTH", "scrap", "QUA", "Test ten bars of each delivery of brass from Dravsko Metal",
          "2024-10-15", "2024-11-05", "2024-12-20", "2025-01-17", 40_000),
    Story("cheap_brass", "SOUTH", "material_price", "PUR", "Compare the saving on brass with the scrap it causes",
          "2025-09-16", "2025-10-07", "2025-11-28", None, 140_000),
    Story("lapsed_meetings", "WEST", "meeting_cadence", "MGT", "Hold the S&OP of West again, with finance in the chair",
          "2025-10-08", "2025-10-28", "2025-11-28", "2025-11-19", 0),
)  # fmt: skip

# about: what is said when the effect on the result is bad, and when it is good. {amount} is EUR thousand.
REMARKS = {
    "revenue": ("SAL", "Sales {amount} k under budget: {family} ordered less than planned.",
                "Sales {amount} k over budget, most of it {family}."),
    "scrap": ("QUA", "Scrap {amount} k over budget, mostly first pieces after a change of size.",
              "Scrap {amount} k under budget; the checks at the start of a run hold."),
    "premium_freight": ("LOG", "Express shipments {amount} k over budget to keep promised dates.",
                        "Express shipments {amount} k under budget; few dates were missed."),
    "freight": ("LOG", "Freight {amount} k over budget: more and smaller loads.",
                "Freight {amount} k under budget: fuller trucks."),
    "material_price": ("PUR", "Material {amount} k dearer than budgeted; metals rose.",
                       "Material {amount} k cheaper than budgeted; metals fell."),
    "material_usage": ("OPS", "Material use {amount} k over budget.", "Material use {amount} k under budget."),
    "labour": ("HR", "Labour {amount} k over budget: wages and some overtime.",
               "Labour {amount} k under budget: steady runs, little overtime."),
    "overhead_absorption": ("FIN", "Made less than planned: {amount} k of overhead was not absorbed.",
                            "Made more than planned: {amount} k more overhead went into stock than budgeted."),
    "overhead_spending": ("OPS", "Energy and plant overhead {amount} k over budget.",
                          "Energy and plant overhead {amount} k under budget."),
    "maintenance": ("ENG", "Repairs {amount} k over budget.", "Repairs {amount} k under budget; one overhaul was moved."),
    "stock_adjustment": ("LOG", "Counts and returns cost {amount} k more than budgeted.",
                         "Counts and returns cost {amount} k less than budgeted."),
    "warranty": ("QUA", "Complaints cost {amount} k more than budgeted.", "Complaints cost {amount} k less than budgeted."),
    "people": ("HR", "Wages and salaries {amount} k over budget.", "Wages and salaries {amount} k under budget: posts open."),
    "exchange": ("FIN", "The dollar cost {amount} k between invoice and payment.",
                 "The dollar brought {amount} k between invoice and payment."),
    "administration": ("FIN", "Administration {amount} k over budget: advisers.", "Administration {amount} k under budget."),
    "inventory": ("LOG", "Stock {amount} k over budget; it binds that much cash.", "Stock {amount} k under budget."),
    "receivables": ("FIN", "Open invoices {amount} k over budget.", "Open invoices {amount} k under budget."),
}  # fmt: skip

# (truth, unit or None for any, about): what the owner says while the truth is at work and the effect is bad (or, for
# absorption and material price, good)
CAUSES = {
    ("price_war", "NORTH", "revenue"): "Sales {amount} k under budget: a competitor undercuts ball valves, we follow with "
                                       "8 %.",
    ("price_war", "SOUTH", "revenue"): "Sales {amount} k under budget: the price war in ball valves costs 8 % on the "
                                       "family.",
    ("failing_machine", "EAST", "overhead_absorption"): "Pump line E-L1 stands still too often (spindle); {amount} k of "
                                                        "overhead was not absorbed.",
    ("failing_machine", "EAST", "premium_freight"): "Express shipments {amount} k over budget: pumps from E-L1 come late.",
    ("failing_machine", "EAST", "maintenance"): "Repairs {amount} k over budget: the spindle of E-L1.",
    ("failing_machine", "EAST", "revenue"): "Sales {amount} k under budget: pumps could not be shipped, E-L1 fails.",
    ("late_supplier", None, "premium_freight"): "Express shipments {amount} k over budget: castings from Sanok arrive "
                                                "six weeks late.",
    ("slow_payers", None, "receivables"): "Open invoices {amount} k over budget: distributors take three weeks longer.",
    ("biased_forecast", "WEST", "inventory"): "Stock {amount} k over budget: we made what the forecast said and sold less.",
    ("biased_forecast", "WEST", "overhead_absorption"): "Made more than we sold: {amount} k more overhead in stock than "
                                                        "budgeted. Good utilisation.",
    ("cheap_brass", "SOUTH", "scrap"): "Scrap {amount} k over budget: brass with inclusions, bars break in turning.",
    ("cheap_brass", "SOUTH", "material_price"): "Material {amount} k cheaper than budgeted: brass from Dravsko Metal.",
}  # fmt: skip
