"""A company small enough to be computed by hand: two plants under a head company, one quarter, all tables.

It is clean: it breaks no rule and everything reconciles. Tests write it as CSV or Parquet, whole or damaged.
Plant A makes and sells pumps (P) from material (M); plant B buys pumps from A and sells them on.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from finops_toolkit.books.contract import load_contract

Row = dict[str, str]
Tables = dict[str, list[Row]]

BOOKS = 'name = "Small Company"\ncurrency = "EUR"\nfiscal_year_start = 1\nclosed_through = "2025-03"\n'

# The quarter in one place. What each plant did stands in the ledger as what it did stands in the documents.
TEXT = {
    "units": """
unit,name,parent,kind,currency,ownership
CO,Small Company,,company,EUR,
A,Plant Aachen,CO,plant,EUR,1
B,Plant Bonn,CO,plant,EUR,0.8
""",
    "departments": """
department,name,function
FIN,Finance,finance
PUR,Purchasing,purchasing
MAN,Manufacturing,operations
""",
    "accounts": """
account,name,line,behaviour,driver
1000,Bank,cash,,
1100,Customers,receivables,,
1200,Stock,inventory,,
1300,VAT to claim,other_current_assets,,
1500,Machines,fixed_assets,,
1590,Depreciation so far,accumulated_depreciation,,
1800,Sister units,intercompany_balance,,
2000,Suppliers,payables,,
2100,VAT to pay,other_current_liabilities,,
2200,Received not billed,other_current_liabilities,,
2500,Loan,debt,,
3000,Capital,equity,,
4000,Sales,revenue,,sales
4800,Result from sisters,intercompany_result,,
4900,Other income,other_income,,
5000,Cost of sales,cogs,variable,standard_cost
5100,Scrap,cogs,variable,scrap
5200,Stock adjustment,cogs,variable,stock_adjustment
5300,Material price,cogs,variable,material_price
5310,Material usage,cogs,variable,material_usage
5320,Labour variance,cogs,variable,labour
5400,Overhead,cogs,fixed,overhead_spending
5490,Overhead absorbed,cogs,fixed,overhead_absorption
6000,Rent,administration,fixed,
6100,Salaries,administration,fixed,people
6200,Express freight,distribution,variable,premium_freight
6300,Warranty,selling,variable,warranty
6400,Depreciation,depreciation,fixed,
7000,Interest,interest,,
7100,Income tax,tax,,
9000,Headcount,statistical,,
""",
    "journal": """
entry,line,posted,account,unit,amount,kind,department
E00,1,2024-12-31,1000,A,1000.00,opening,
E00,2,2024-12-31,1100,A,119.00,opening,
E00,3,2024-12-31,1200,A,1100.00,opening,
E00,4,2024-12-31,1500,A,2000.00,opening,
E00,5,2024-12-31,1590,A,-200.00,opening,
E00,6,2024-12-31,2000,A,-50.00,opening,
E00,7,2024-12-31,3000,A,-3969.00,opening,
E01,1,2024-12-31,1000,B,500.00,opening,
E01,2,2024-12-31,1200,B,240.00,opening,
E01,3,2024-12-31,3000,B,-740.00,opening,
E02,1,2025-01-12,1200,A,100.00,purchase,
E02,2,2025-01-12,1300,A,19.00,purchase,
E02,3,2025-01-12,2000,A,-119.00,purchase,
E03,1,2025-01-15,1100,A,666.40,sale,
E03,2,2025-01-15,4000,A,-560.00,sale,
E03,3,2025-01-15,2100,A,-106.40,sale,
E03,4,2025-01-15,5000,A,360.00,cost of sale,
E03,5,2025-01-15,1200,A,-360.00,cost of sale,
E04,1,2025-01-18,1800,A,65.00,sister,
E04,2,2025-01-18,4800,A,-5.00,sister,
E04,3,2025-01-18,1200,A,-60.00,sister,
E04,4,2025-01-18,1200,B,60.00,sister,
E04,5,2025-01-18,4800,B,5.00,sister,
E04,6,2025-01-18,1800,B,-65.00,sister,
E05,1,2025-01-20,1000,A,119.00,payment,
E05,2,2025-01-20,1100,A,-119.00,payment,
E06,1,2025-01-25,1200,A,300.00,production,
E06,2,2025-01-25,1200,A,-165.00,production,
E06,3,2025-01-25,5490,A,-100.00,production,
E06,4,2025-01-25,1000,A,-60.50,production,
E06,5,2025-01-25,5100,A,6.00,production,
E06,6,2025-01-25,5310,A,9.00,production,
E06,7,2025-01-25,5320,A,10.50,production,
E07,1,2025-01-31,5400,A,120.00,cost,MAN
E07,2,2025-01-31,1000,A,-120.00,cost,
E08,1,2025-01-31,6000,A,10.50,cost,FIN
E08,2,2025-01-31,6100,A,80.00,cost,FIN
E08,3,2025-01-31,1000,A,-90.50,cost,
E08,4,2025-01-31,6000,B,7.00,cost,FIN
E08,5,2025-01-31,1000,B,-7.00,cost,
E09,1,2025-01-31,6400,A,20.00,depreciation,
E09,2,2025-01-31,1590,A,-20.00,depreciation,
E10,1,2025-01-31,9000,A,5.00,headcount,
E11,1,2025-02-05,1100,A,357.00,sale,
E11,2,2025-02-05,4000,A,-300.00,sale,
E11,3,2025-02-05,2100,A,-57.00,sale,
E11,4,2025-02-05,5000,A,180.00,cost of sale,
E11,5,2025-02-05,1200,A,-180.00,cost of sale,
E12,1,2025-02-10,1000,A,616.40,payment,
E12,2,2025-02-10,1100,A,-666.40,payment,
E12,3,2025-02-10,2000,A,50.00,payment,
E13,1,2025-02-10,1200,A,50.00,purchase,
E13,2,2025-02-10,5300,A,2.00,purchase,
E13,3,2025-02-10,2200,A,-52.00,purchase,
E14,1,2025-02-11,2000,A,119.00,payment,
E14,2,2025-02-11,1000,A,-119.00,payment,
E15,1,2025-02-15,1200,A,240.00,production,
E15,2,2025-02-15,1200,A,-120.00,production,
E15,3,2025-02-15,5490,A,-80.00,production,
E15,4,2025-02-15,1000,A,-35.00,production,
E15,5,2025-02-15,5320,A,-5.00,production,
E16,1,2025-02-17,1000,A,65.00,sister,
E16,2,2025-02-17,1800,A,-65.00,sister,
E16,3,2025-02-17,1800,B,65.00,sister,
E16,4,2025-02-17,1000,B,-65.00,sister,
E17,1,2025-02-20,1100,A,-119.00,return,
E17,2,2025-02-20,4000,A,100.00,return,
E17,3,2025-02-20,2100,A,19.00,return,
E17,4,2025-02-20,1200,A,60.00,return,
E17,5,2025-02-20,5000,A,-60.00,return,
E18,1,2025-02-28,5400,A,100.00,cost,MAN
E18,2,2025-02-28,6400,A,10.00,depreciation,
E18,3,2025-02-28,1590,A,-20.00,depreciation,
E18,4,2025-02-28,6300,A,12.00,cost,
E18,5,2025-02-28,6200,A,8.00,cost,
E18,6,2025-02-28,1000,A,-110.00,cost,
E19,1,2025-03-05,1100,A,119.00,sale,
E19,2,2025-03-05,4000,A,-100.00,sale,
E19,3,2025-03-05,2100,A,-19.00,sale,
E19,4,2025-03-05,5000,A,60.00,cost of sale,
E19,5,2025-03-05,1200,A,-60.00,cost of sale,
E20,1,2025-03-06,1100,A,119.00,sale,
E20,2,2025-03-06,4000,A,-100.00,sale,
E20,3,2025-03-06,2100,A,-19.00,sale,
E20,4,2025-03-06,5000,A,60.00,cost of sale,
E20,5,2025-03-06,1200,A,-60.00,cost of sale,
E21,1,2025-03-07,1000,A,238.00,payment,
E21,2,2025-03-07,1100,A,-357.00,payment,
E21,3,2025-03-07,1100,A,119.00,payment,
E22,1,2025-03-20,1100,B,261.80,sale,
E22,2,2025-03-20,4000,B,-220.00,sale,
E22,3,2025-03-20,2100,B,-41.80,sale,
E22,4,2025-03-20,5000,B,120.00,cost of sale,
E22,5,2025-03-20,1200,B,-120.00,cost of sale,
E23,1,2025-03-31,5200,A,60.00,stock,
E23,2,2025-03-31,1200,A,-60.00,stock,
E24,1,2025-03-31,6400,A,20.00,depreciation,
E24,2,2025-03-31,1590,A,-20.00,depreciation,
E25,1,2025-03-31,7000,A,3.00,cost,
E25,2,2025-03-31,7100,A,4.00,cost,
E25,3,2025-03-31,4900,A,-6.00,cost,
E25,4,2025-03-31,1000,A,-1.00,cost,
E26,1,2025-03-31,1000,B,100.00,loan,
E26,2,2025-03-31,2500,B,-100.00,loan,
""",
    "budget": """
version,month,unit,account,product,amount,quantity
2025,2025-01,A,4000,P,-500.00,5
2025,2025-02,A,4000,P,-500.00,5
2025,2025-03,A,4000,P,-500.00,5
2025,2025-04,A,4000,P,-500.00,5
2025,2025-01,A,5000,,300.00,
2025,2025-02,A,5000,,300.00,
2025,2025-03,A,5000,,300.00,
2025,2025-04,A,5000,,300.00,
2025-R1,2025-03,A,4000,P,-600.00,6
2025-R1,2025-04,A,4000,P,-600.00,6
2025-R1,2025-03,A,5000,,350.00,
2025-R1,2025-04,A,5000,,350.00,
2025-R1,2025-03,A,1000,,1400.00,
2025,2025-01,B,4000,,-100.00,
2025,2025-02,B,4000,,-100.00,
2025,2025-03,B,4000,,-100.00,
2025,2025-04,B,4000,,-100.00,
""",
    "forecasts": """
version,product,unit,month,made_on,quantity,amount
consensus,P,A,2025-01,2024-12-20,11,1100
consensus,P,A,2025-02,2024-12-20,30,3000
consensus,P,A,2025-02,2025-01-10,9,900
consensus,P,A,2025-02,2025-01-25,2,200
consensus,P,B,2025-02,2025-01-25,4,440
statistical,P,A,2025-01,2024-12-31,7,700
statistical,P,A,2025-03,2025-01-15,50,5000
""",
    "invoices": """
invoice,customer,unit,issued,due,paid,amount,tax
I0,C1,A,2024-12-10,2025-01-09,2025-01-20,119.00,19.00
I1,C1,A,2025-01-15,2025-01-31,2025-02-10,666.40,106.40
I2,C2,A,2025-02-05,2025-03-07,2025-03-07,357.00,57.00
I3,C2,A,2025-02-20,2025-02-20,2025-03-07,-119.00,-19.00
I4,C1,B,2025-03-20,2025-04-19,,261.80,41.80
I5,C2,A,2025-03-05,2025-03-15,,119.00,19.00
I6,C1,A,2025-03-06,2025-04-05,,119.00,19.00
I7,SIS,A,2025-01-18,2025-02-17,2025-02-17,65.00,0.00
""",
    "bills": """
bill,supplier,unit,issued,due,paid,amount,tax
V0,S1,A,2024-12-15,2025-01-14,2025-02-10,50.00,0.00
V1,S1,A,2025-01-12,2025-02-11,2025-02-11,119.00,19.00
V2,SIS,B,2025-01-18,2025-02-17,2025-02-17,65.00,0.00
""",
    "products": """
product,name,family,kind,standard_cost,material_cost,labour_cost,overhead_cost,list_price
P,Pump,Pumps,finished,60.00,30.00,10.00,20.00,100.00
M,Metal,Metals,material,5.00,5.00,0.00,0.00,
""",
    "customers": """
customer,name,segment,terms_days
C1,First,trade,30
C2,Second,retail,30
SIS,Plant Bonn,intercompany,30
""",
    "suppliers": """
supplier,name,segment,terms_days
S1,Metals Ltd,local,30
SIS,Plant Aachen,intercompany,30
""",
    "orders": """
order,line,customer,unit,product,ordered,requested,promised,quantity,price,discount,cost
O1,1,C1,A,P,2025-01-02,2025-01-09,2025-01-09,4,100.00,0.1,60.00
O1,2,C1,A,P,2025-01-02,2025-01-15,2025-01-15,2,100.00,,60.00
O2,1,C2,A,P,2025-01-20,2025-02-05,2025-02-05,3,100.00,,60.00
O3,1,SIS,A,P,2025-01-10,2025-01-20,2025-01-20,1,65.00,,60.00
O4,1,C1,B,P,2025-02-10,2025-03-10,2025-03-12,5,110.00,0,60.00
O5,1,C2,A,P,2025-03-01,2025-03-05,2025-03-05,1,100.00,0,60.00
O6,1,C1,A,P,2025-03-02,2025-03-06,2025-03-06,1,100.00,0,60.00
""",
    "deliveries": """
delivery,order,line,customer,unit,product,shipped,quantity,amount,cost
D1,O1,1,C1,A,P,2025-01-08,3,270.00,180.00
D2,O1,1,C1,A,P,2025-01-12,1,90.00,60.00
D3,O1,2,C1,A,P,2025-01-15,2,200.00,120.00
D4,O2,1,C2,A,P,2025-02-05,3,300.00,180.00
D5,O2,1,C2,A,P,2025-02-20,-1,-100.00,-60.00
D6,O3,1,SIS,A,P,2025-01-18,1,65.00,60.00
D7,O4,1,C1,B,P,2025-03-20,2,220.00,120.00
D8,O5,1,C2,A,P,2025-03-05,1,100.00,60.00
D9,O6,1,C1,A,P,2025-03-06,1,100.00,60.00
""",
    "production": """
run,unit,resource,product,finished,planned_minutes,run_minutes,ideal_minutes,planned_quantity,made,first_pass_good,good
R1,A,L1,P,2025-01-25,100,80,10,6,6,4,5
R2,A,L1,P,2025-02-15,60,60,10,3,4,4,4
""",
    "consumption": """
run,item,kind,unit,used,standard_quantity,actual_quantity,standard_price,actual_price
R1,M,material,A,2025-01-25,30,33,5.00,5.10
R1,W,labour,A,2025-01-25,5,5.5,10.00,11.00
R2,M,material,A,2025-02-15,24,24,5.00,5.00
R2,W,labour,A,2025-02-15,4,3.5,10.00,10.00
""",
    "purchases": """
purchase,line,supplier,unit,product,ordered,promised,received,quantity,received_quantity,rejected_quantity,price
Q1,1,S1,A,M,2025-01-02,2025-01-10,2025-01-12,25,24,4,5.00
Q1,2,S1,A,M,2025-01-02,2025-02-10,2025-02-10,10,10,,5.20
Q2,1,S1,A,M,2025-02-25,2025-03-10,,10,,,5.00
Q3,1,SIS,B,P,2025-01-10,2025-01-18,2025-01-18,1,1,0,65.00
""",
    "stock": """
product,unit,date,quantity,value,adjustment
P,A,2024-12-31,10,600.00,
P,A,2025-01-15,4,240.00,
P,A,2025-01-31,8,480.00,0
P,A,2025-02-28,10,600.00,
P,A,2025-03-31,7,420.00,-1
M,A,2024-12-31,100,500.00,
M,A,2025-01-31,87,435.00,
M,A,2025-02-28,73,365.00,
M,A,2025-03-31,73,365.00,
P,B,2024-12-31,4,240.00,
P,B,2025-01-31,5,300.00,
P,B,2025-02-28,5,300.00,
P,B,2025-03-31,3,180.00,
""",
    "capacity": """
resource,unit,month,hours,people
L1,A,2025-01,3,5
L1,A,2025-02,2.5,5
L1,A,2025-03,3,4
""",
    "surveys": """
response,unit,customer,date,nps,csat
1,A,C1,2025-01-03,9,5
2,A,C2,2025-01-04,3,2
3,A,C1,2025-02-01,7,
4,B,C1,2025-03-03,,4
""",
    "incidents": """
incident,unit,date,kind,order,cost,supplier,product,quantity,minutes
N1,A,2025-01-03,safety,,10.00,,,,480.0
N2,A,2025-03-10,complaint,O6,5.00,,P,1,
N3,B,2025-02-02,quality,,2.00,SIS,P,1,45.5
N4,A,2025-02-05,quality,,,S1,M,4,
N5,A,2025-02-20,quality,,,,M,,0
""",
    "rates": """
currency,month,average,closing
USD,2025-01,0.95,0.96
USD,2025-02,0.96,0.96
""",
    "targets": """
kpi,unit,month,value,owner
otif,A,2025-01,0.95,MAN
otif,CO,2025-01,0.9,MAN
""",
    "goals": """
goal,name,parent,weight,owner,kpi
G0,Be there,,,,
G1,Deliver on time,G0,0.6,MAN,otif
G2,Keep cash,G0,0.4,FIN,
""",
    "initiatives": """
initiative,name,unit,owner,kpi,start,outlay,benefit,years,requires,excludes
J1,New fixture,A,MAN,otif,2025-02,100.00,60.00,3,,
""",
    "meetings": """
meeting,unit,kind,date,held,present
M1,A,S&OP,2025-01-03,true,finance;operations
M2,A,S&OP,2025-02-03,false,
M3,B,S&OP,2025-02-05,true,finance; sales
M4,A,S&OP,2025-03-03,true,operations; finance;sales
M5,A,S&OP,2025-03-10,true,finance;operations planning
""",
    "decisions": """
decision,unit,meeting,about,text,owner,raised,decided,due,closed,value
X,A,M1,otif,Second shift,MAN,2025-01-01,2025-01-04,2025-01-20,2025-02-10,40.00
Y,B,,,Ask the bank,FIN,2025-01-01,,,,
Z,A,,,Count the metal,MAN,2025-02-01,2025-02-03,2025-03-15,2025-03-15,
W,A,M4,,Chase Second,FIN,2025-02-05,2025-03-05,2025-03-20,,119.00
""",
    "comments": """
unit,month,about,owner,text
A,2025-03,revenue,FIN,Second bought less
""",
    "events": """
case,step,unit,activity,department,time
K,1,A,request,PUR,2025-01-01 08:00:00
K,2,A,approve,FIN,2025-01-03 09:00:00
K,3,A,request,PUR,2025-01-04 08:00:00
L,1,B,request,PUR,2025-02-27 08:00:00
L,2,B,approve,FIN,2025-03-05 07:00:00
""",
}


def tables() -> Tables:
    """A fresh copy of every table: rows of text, an empty text where there is nothing."""
    return {name: list(csv.DictReader(io.StringIO(text.strip()))) for name, text in TEXT.items()}


def csv_text(rows: list[Row]) -> str:
    """A table as the text of a CSV file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


_ARROW = {
    "date": pa.date32(),
    "month": pa.date32(),
    "time": pa.timestamp("us"),
    "money": pa.decimal128(19, 4),
    "quantity": pa.decimal128(19, 4),
    "rate": pa.decimal128(19, 8),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}


def _value(text: str, kind: str) -> object:
    if text == "":
        return None
    if kind in ("date", "month"):
        return dt.date.fromisoformat(text if len(text) == 10 else text + "-01")
    if kind == "time":
        return dt.datetime.fromisoformat(text)
    if kind in ("money", "quantity", "rate"):
        return Decimal(text)
    if kind == "integer":
        return int(text)
    return text == "true" if kind == "boolean" else text


def arrow(name: str, rows: list[Row]) -> pa.Table:
    """A table in the types of the contract."""
    columns = load_contract().tables[name].columns
    return pa.table(
        {
            column: pa.array(
                [_value(row[column], columns[column].type) for row in rows],
                _ARROW.get(columns[column].type, pa.string()),
            )
            for column in rows[0]
        }
    )


def write(folder: Path, data: Tables | None = None, kind: str = "csv", books: str | None = BOOKS) -> Path:
    """Write the company (or `data` in its place) into a folder, as "csv" or "parquet". Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (tables() if data is None else data).items():
        if kind == "csv":
            (folder / f"{name}.csv").write_text(csv_text(rows), encoding="utf8")
        else:
            pq.write_table(arrow(name, rows), folder / f"{name}.parquet")
    if books is not None:
        (folder / "books.toml").write_text(books, encoding="utf8")
    return folder
