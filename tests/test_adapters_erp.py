"""Starting adapters for ERP extracts, on small files written by hand in the published layouts.

What must come out is counted by hand beside the rows. No row here comes from a real system.
"""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from finops_toolkit.books import Books, open_books
from finops_toolkit.errors import ContractError

ADAPTERS = Path(__file__).resolve().parent.parent / "datasets" / "adapters"
NAMES = ("sap_erp_acdoca", "sap_erp_bseg", "sap_erp_lists", "business_central")

MASTERS = {
    "T001.csv": "BUKRS;BUTXT;WAERS\n1000;Muster AG;EUR\n2000;Sample Ltd;GBP\n",
    "SKAT.csv": "SPRAS;KTOPL;SAKNR;TXT20;TXT50\nD;INT;0000113100;Bank;Bankkonto\n"
    "E;INT;0000113100;Bank;Bank account\n"
    "D;INT;0000400000;Erlöse;Umsatzerlöse Inland\nD;INT;0000120000;Ford.;Forderungen\n",
    "CSKT.csv": "SPRAS;KOKRS;KOSTL;DATBI;KTEXT;LTEXT\nD;1000;0000004711;20201231;Alt;Alt\n"
    "D;1000;0000004711;99991231;Vertrieb;Vertrieb Inland\n",
    "KNA1.csv": "KUNNR;NAME1\n0000000007;Kunde Süd\n",
    "LFA1.csv": "LIFNR;NAME1\n0000000009;Lieferant\n",
    "MARA.csv": "MATNR;MTART;MATKL\n000000000000000042;FERT;PUMPEN\n",
    "MAKT.csv": "MATNR;SPRAS;MAKTX\n000000000000000042;D;Pumpe\n000000000000000042;E;Pump\n",
}
ACDOCA = """
RLDNR;RBUKRS;GJAHR;BELNR;DOCLN;POPER;BUDAT;BLDAT;BLART;RACCT;RCNTR;DRCRK;HSL;RHCUR;WSL;RWCUR;KUNNR;LIFNR;MATNR
0L;1000;2024;B000000001;000001;000;00000000;00000000;;0000113100;;S;500,00;EUR;500,00;EUR;;;
0L;1000;2024;B000000001;000002;000;00000000;00000000;;0000300000;;H;500,00-;EUR;500,00-;EUR;;;
0L;1000;2024;0100000001;000001;001;20240115;20240110;DR;0000120000;;S;1.234,56;EUR;1.400,00;USD;0000000007;;
0L;1000;2024;0100000001;000002;001;20240115;20240110;DR;0000400000;0000004711;H;1.234,56-;EUR;1.400,00-;USD;;;000000000000000042
0L;1000;2024;0100000002;000001;002;20240210;20240210;DR;0000120000;;H;1.234,56-;EUR;1.400,00-;USD;0000000007;;
0L;1000;2024;0100000002;000002;002;20240210;20240210;DR;0000400000;0000004711;S;1.234,56;EUR;1.400,00;USD;;;000000000000000042
0L;2000;2024;0100000001;000001;001;20240120;00000000;SA;0000999999;;S;10,00;GBP;10,00;GBP;;;
0L;2000;2024;0100000001;000002;001;20240120;00000000;SA;0000113100;;H;10,00-;GBP;10,00-;GBP;;;
2L;1000;2024;0100000001;000001;001;20240115;20240110;DR;0000120000;;S;1.111,11;EUR;1.400,00;USD;0000000007;;
0L;1000;2025;B000000002;000001;000;20250101;00000000;;0000113100;;S;500,00;EUR;500,00;EUR;;;
0L;1000;2025;B000000002;000002;000;20250101;00000000;;0000300000;;H;500,00-;EUR;500,00-;EUR;;;
0L;1000;2025;0100000003;000001;001;20250105;20250105;SA;0000113100;;S;7,00;EUR;7,00;EUR;;;
0L;1000;2025;0100000003;000002;001;20250105;20250105;SA;0000490000;;H;7,00-;EUR;7,00-;EUR;;;
"""
BKPF = """
BUKRS;BELNR;GJAHR;BLART;BLDAT;BUDAT;WAERS;BSTAT;STBLG
1000;0100000001;2024;DR;20240110;20240115;USD;;
1000;0100000002;2024;DR;20240210;20240210;USD;;
1000;0100000003;2024;DZ;20240305;20240305;EUR;;
1000;0100000004;2024;DZ;20240306;20240306;EUR;;
1000;0100000005;2024;DR;20240307;20240307;EUR;;0100000006
1000;0100000006;2024;DR;20240307;20240308;EUR;;0100000005
1000;1900000001;2024;KR;20240120;20240125;EUR;;
1000;0100000009;2024;SA;20240110;20240115;EUR;V;
2000;0100000001;2024;SA;00000000;20240120;GBP;;
"""
BSEG = """
BUKRS;BELNR;GJAHR;BUZEI;AUGDT;AUGBL;KOART;UMSKZ;SHKZG;DMBTR;WRBTR;HKONT;KOSTL;KUNNR;LIFNR;MATNR;XZAHL;REBZG;ZFBDT;ZBD1T;ZBD2T;ZBD3T
1000;0100000001;2024;001;00000000;;D;;S;1.234,56;1.400,00;0000120000;;0000000007;;;;;20240110;14;30;45
1000;0100000001;2024;002;00000000;;S;;H;1.234,56;1.400,00;0000400000;0000004711;;;000000000000000042;;;00000000;0;0;0
1000;0100000002;2024;001;20240305;0100000003;D;;H;234,56;400,00;0000120000;;0000000007;;;;;20240210;30;0;0
1000;0100000002;2024;002;00000000;;S;;S;234,56;400,00;0000400000;0000004711;;;000000000000000042;;;00000000;0;0;0
1000;0100000003;2024;001;00000000;;S;;S;100,00;100,00;0000113100;;;;;;;00000000;0;0;0
1000;0100000003;2024;002;20240305;0100000003;D;;H;100,00;100,00;0000120000;;0000000007;;;X;;20240305;0;0;0
1000;0100000004;2024;001;00000000;;S;;S;50,00;50,00;0000113100;;;;;;;00000000;0;0;0
1000;0100000004;2024;002;00000000;;D;A;H;50,00;50,00;0000121000;;0000000007;;;;;20240306;0;0;0
1000;0100000005;2024;001;20240308;0100000006;D;;S;10,00;10,00;0000120000;;0000000007;;;;;20240307;0;0;0
1000;0100000005;2024;002;00000000;;S;;H;10,00;10,00;0000400000;;;;;;;00000000;0;0;0
1000;0100000006;2024;001;20240308;0100000006;D;;H;10,00;10,00;0000120000;;0000000007;;;;;20240307;0;0;0
1000;0100000006;2024;002;00000000;;S;;S;10,00;10,00;0000400000;;;;;;;00000000;0;0;0
1000;1900000001;2024;001;20240215;2000000001;K;;H;300,00;300,00;0000200000;;;0000000009;;;;00000000;30;0;0
1000;1900000001;2024;002;00000000;;S;;S;300,00;300,00;0000400000;;;;;;;00000000;0;0;0
1000;0100000009;2024;001;00000000;;S;;S;99,00;99,00;0000113100;;;;;;;00000000;0;0;0
1000;0100000009;2024;002;00000000;;S;;H;99,00;99,00;0000400000;;;;;;;00000000;0;0;0
1000;0199999999;2024;001;00000000;;S;;S;5,00;5,00;0000113100;;;;;;;00000000;0;0;0
2000;0100000001;2024;001;00000000;;S;;S;10,00;10,00;0000999999;;;;;;;00000000;0;0;0
2000;0100000001;2024;002;00000000;;S;;H;10,00;10,00;0000113100;;;;;;;00000000;0;0;0
"""
KSB1_GERMAN = """
Kostenstellen Einzelposten Ist                    Seite 1

----------------------------------------------------------------------------
|Kostenart |Kostenartenbezeichn.|Kostenstelle|   Wert/BWähr|Buchungsdatum|
----------------------------------------------------------------------------
|400000    |Rohstoffverbrauch   |4711        |     1.234,56|31.01.2024   |
|400000    |Rohstoffverbrauch   |4711        |       34,56-|31.01.2024   |
|* 400000  |                    |            |     1.200,00|             |
----------------------------------------------------------------------------
|Kostenart |Kostenartenbezeichn.|Kostenstelle|   Wert/BWähr|Buchungsdatum|
----------------------------------------------------------------------------
|999999    |Sonderkosten        |4712        |       100,00|01.02.2024   |
|** 4712   |                    |            |     1.300,00|             |
----------------------------------------------------------------------------
"""
KSB1_ENGLISH = """
Postg Date|Cost Ctr|Cost Elem.|Cost element name|Val.in rep.cur.
03.02.2024|4711|400000|Raw materials|1.000,00
"""
MB51_GERMAN = """
|Material|Materialkurztext|Werk|BwA|Materialbeleg|Buch.dat.|Menge in ErfassME|Betrag Hauswähr|
|-------|
|000042 |Pumpe           |W100|561|4900000001   |01.01.2024|           10,000|        1.000,00|
|000042 |Pumpe           |W100|601|4900000002   |15.01.2024|            4,000-|          400,00-|
|000042 |Pumpe           |W100|701|4900000003   |31.03.2024|            1,000|          100,00|
|* Summe|                |    |   |             |          |            7,000|          700,00|
"""
CENTRAL = {
    "Dimension Value.csv": "Dimension Code,Code,Name,Dimension Value Type,Global Dimension No.\n"
    "DIV,NORTH,Division North,Standard,1\nDEP,SALES,Sales,Standard,2\nDIV,ALL,All,Total,1\n",
    "G_L Account.csv": 'No.,Name,Account Type\n2310,Customers,Posting\n6110,"Sales, retail",Posting\n'
    "6999,Total,Total\n2910,Cash,Posting\n8999,Odd costs,Posting\n9999,Suspense,Posting\n",
    "G_L Entry.csv": "Entry No.,Transaction No.,G/L Account No.,Posting Date,Document Date,Document Type,"
    "Document No.,"
    "Amount,VAT Amount,Global Dimension 1 Code,Global Dimension 2 Code,Source Type,Source No.\n"
    '1,1,2310,2024-01-31,2024-01-30,Invoice,0001,"1,210.00",0,NORTH,SALES,Customer,C01\n'
    '2,1,6110,2024-01-31,2024-01-30,Invoice,0001,"-1,210.00",-210,NORTH,SALES,Customer,C01\n'
    "3,2,9999,02/15/2024,,,0002,50.00,0,,,,\n4,2,2910,02/15/2024,,,0002,-50.00,0,,,,\n",
    "Customer.csv": "No.,Name\nC01,Kunde\n",
    "Vendor.csv": "No.,Name\nV01,Vendor\n",
    "Item.csv": "No.,Description,Type,Item Category Code,Inventory Posting Group,Unit Cost,Unit Price\n"
    "1896-S,Desk,Inventory,TABLE,RESALE,78.4,121\n",
    "Cust. Ledger Entry.csv": "Entry No.,Customer No.,Posting Date,Document Type,Open,Due Date,"
    "Closed at Date,Currency Code,Amount,Amount (LCY),Global Dimension 1 Code\n"
    '1,C01,2024-01-31,Invoice,No,2024-02-29,2024-03-05,,"1,210.00","1,210.00",NORTH\n'
    '5,C01,2024-03-05,Payment,No,2024-03-05,2024-03-05,,"-1,210.00","-1,210.00",NORTH\n',
    "Vendor Ledger Entry.csv": "Entry No.,Vendor No.,Posting Date,Document Type,Open,Due Date,Closed at Date,"
    "Currency Code,Amount,Amount (LCY),Global Dimension 1 Code\n"
    "7,V01,2024-01-10,Invoice,Yes,2024-02-10,,,-300.00,-300.00,\n",
    # Item entry 101 is shipped on 31 January and invoiced in February; 102 is the second part of order SO1.
    "Value Entry.csv": "Entry No.,Item Ledger Entry No.,Item No.,Posting Date,Item Ledger Entry Type,"
    "Source Type,Source No.,Item Ledger Entry Quantity,Invoiced Quantity,"
    "Sales Amount (Actual),Cost Amount (Actual),"
    "Cost Amount (Expected),Global Dimension 1 Code\n"
    "1,100,1896-S,2024-01-15,Purchase,Vendor,V01,20,20,0,1568.00,0,NORTH\n"
    "2,101,1896-S,2024-01-31,Sale,Customer,C01,-10,0,0,0,-784.00,NORTH\n"
    '3,101,1896-S,02/05/2024,Sale,Customer,C01,0,-10,"1,000.00",-784.00,784.00,NORTH\n'
    "4,102,1896-S,2024-03-10,Sale,Customer,C01,-2,-2,200.00,-156.80,0,NORTH\n"
    "5,0,,2024-03-31,,,,0,0,0,12.00,0,\n",
    "Item Ledger Entry.csv": "Entry No.,Item No.,Posting Date,Entry Type,Document Type,Document No.,"
    "Document Line No.,Quantity\n100,1896-S,2024-01-15,Purchase,Purchase Receipt,R1,10000,20\n"
    "101,1896-S,2024-01-31,Sale,Sales Shipment,SH1,10000,-10\n"
    "102,1896-S,2024-03-10,Sale,Sales Shipment,SH2,10000,-2\n",
    # SO1 is gone: 12 in two shipments, in dollars, 1.10 for one of ours.
    # SO2 is open: 5 boxes of 4, prices with VAT.
    "Sales Header.csv": "Document Type,No.,Order Date,Currency Code,Currency Factor,Prices Including VAT\n"
    "Order,SO2,2024-03-01,,0,Yes\nQuote,Q1,2024-03-01,,0,No\n",
    "Sales Line.csv": "Document Type,Document No.,Line No.,Type,No.,Sell-to Customer No.,"
    "Shortcut Dimension 1 Code,Requested Delivery Date,Promised Delivery Date,Quantity,Quantity (Base),"
    "Qty. per Unit of Measure,Unit Price,Unit Cost (LCY),Line Discount %,VAT %\n"
    "Order,SO2,10000,Item,1896-S,C01,NORTH,2024-04-01,,5,20,4,484,313.6,10,21\n"
    "Order,SO2,20000, ,,C01,,,,0,0,1,0,0,0,0\n"
    "Quote,Q1,10000,Item,1896-S,C01,NORTH,,,9,9,1,121,78.4,0,21\n",
    "Sales Shipment Header.csv": "No.,Order No.,Order Date,Currency Code,Currency Factor,"
    "Prices Including VAT\nSH1,SO1,2024-01-10,USD,1.1,No\nSH2,SO1,2024-01-10,USD,1.1,No\n",
    "Sales Shipment Line.csv": "Document No.,Line No.,Type,No.,Sell-to Customer No.,"
    "Shortcut Dimension 1 Code,Order No.,Order Line No.,Posting Date,"
    "Requested Delivery Date,Promised Delivery Date,Quantity,"
    "Quantity (Base),Qty. per Unit of Measure,Unit Price,Unit Cost (LCY),Line Discount %,VAT %\n"
    "SH1,10000,Item,1896-S,C01,NORTH,SO1,10000,2024-01-31,2024-02-01,2024-02-02,10,10,1,110,78.4,0,21\n"
    "SH2,10000,Item,1896-S,C01,NORTH,SO1,10000,2024-03-10,2024-02-01,2024-02-02,2,2,1,110,78.4,0,21\n"
    "SH2,20000,G/L Account,6110,C01,NORTH,SO1,20000,2024-03-10,,,1,1,1,5,0,0,21\n",
}


def files(folder: Path, texts: dict[str, str]) -> Path:
    """Files with these texts in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text.lstrip("\n"), encoding="utf8")
    return folder


def amounts(books: Books, table: str, by: list[str], column: str = "amount") -> dict[tuple, Decimal]:
    """Exact sums of a table by some columns."""
    frame = books.sums(table, by, [column])
    keys = zip(*(frame[name] for name in by), strict=True)
    return {key: Decimal(int(value)) / 10_000 for key, value in zip(keys, frame[column], strict=True)}


def left_out(books: Books, table: str) -> dict[str, tuple[int, Decimal]]:
    """Rows and money that a table leaves out, by reason; everything else was used."""
    tie = next(tie for tie in books.opened.ties if tie.table == table)
    return {part.reason: (part.rows, Decimal(part.amount or 0) / 10_000) for part in tie.rejected}


def untied(books: Books) -> list[str]:
    """Findings that say that rows or money of a source are neither used nor rejected."""
    return [
        str(finding.text) for finding in books.findings() if "tie" in finding.rule or finding.level == "error"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_it_says_that_it_is_untried(name: str) -> None:
    """Nobody may take a starting adapter for a finished one: the first lines of both pages say so."""
    for page in ("books.toml", "README.md"):
        assert "UNTRIED on a real system" in (ADAPTERS / name / page).read_text(encoding="utf8")[:400]


def test_the_universal_journal(tmp_path: Path) -> None:
    """ACDOCA: signed amounts, one opening, the leading ledger, reversals, zeros kept, two currencies."""
    books = open_books("sap_erp_acdoca", files(tmp_path, MASTERS | {"ACDOCA.csv": ACDOCA}))
    assert untied(books) == []
    assert amounts(books, "journal", ["unit", "account"]) == {
        ("1000", "0000113100"): Decimal("507"),
        ("1000", "0000120000"): Decimal("0"),
        ("1000", "0000300000"): Decimal("-500"),
        ("1000", "0000400000"): Decimal("0"),
        ("1000", "0000490000"): Decimal("-7"),
        ("2000", "0000113100"): Decimal("-10"),
        ("2000", "0000999999"): Decimal("10"),
    }
    assert left_out(books, "journal") == {
        "ledger 2L, not the leading one": (1, Decimal("1111.11")),
        "balance carried forward again: its movements are in the extract": (2, Decimal("0")),
    }
    rows = books.rows("journal").set_index(["entry", "line"])
    first = rows.loc[("1000-2024-0100000001", 2)]
    assert (first.department, first["product"], first.currency) == ("0000004711", "0" * 16 + "42", "USD")
    assert (first.amount, first.amount_currency) == (-1234.56, -1400.0)
    opening = rows.loc[("1000-2024-B000000001", 1)]
    assert (str(opening.posted.date()), opening.document_date is not None, opening.kind) == (
        "2024-01-01",
        True,
        "opening",
    )
    assert opening.isna().document_date
    assert list(books.units.unit) == ["GROUP", "1000", "2000"]
    assert list(books.units.currency) == ["EUR", "EUR", "GBP"]
    lines = books.rows("accounts").set_index("account")
    assert (lines.loc["0000999999", "line"], lines.loc["0000113100", "name"]) == ("unmapped", "Bank account")
    panel = books.panel()
    assert panel.series("unmapped", "GROUP").sum() == 100_000  # 10.00, a line of money


def test_documents_of_fi(tmp_path: Path) -> None:
    """BKPF and BSEG: S and H, parked documents and lines without a header left out with their money."""
    books = open_books("sap_erp_bseg", files(tmp_path, MASTERS | {"BKPF.csv": BKPF, "BSEG.csv": BSEG}))
    assert untied(books) == []
    assert amounts(books, "journal", ["unit", "account"]) == {
        ("1000", "0000113100"): Decimal("150"),
        ("1000", "0000120000"): Decimal("900"),
        ("1000", "0000121000"): Decimal("-50"),
        ("1000", "0000200000"): Decimal("-300"),
        ("1000", "0000400000"): Decimal("-700"),
        ("2000", "0000113100"): Decimal("-10"),
        ("2000", "0000999999"): Decimal("10"),
    }
    assert left_out(books, "journal") == {
        "no header in BKPF": (1, Decimal("5")),
        "not posted: status V": (2, Decimal("0")),
    }
    rows = books.rows("journal")
    assert rows.document_date.isna().sum() == 2  # 00000000 is no date
    assert {account[:4] for account in rows.account} == {"0000"}  # zeros are kept


def test_open_items_of_fi(tmp_path: Path) -> None:
    """Customer and vendor lines: due by SAP's rule, paid when cleared; others left out with their money."""
    books = open_books("sap_erp_bseg", files(tmp_path, MASTERS | {"BKPF.csv": BKPF, "BSEG.csv": BSEG}))
    assert untied(books) == []

    def shown(table: str, key: str, party: str) -> list[tuple]:
        rows = books.rows(table).sort_values(key)
        days = [[None if rows.isna()[d][i] else str(rows[d][i].date()) for d in ("issued", "due", "paid")]
                for i in rows.index]  # fmt: skip
        return [
            (rows[key][i][-14:], rows[party][i], *dates, rows.amount[i], rows.amount_currency[i])
            for i, dates in zip(rows.index, days, strict=True)
        ]

    # 45 days net of 10 January; a credit memo without an invoice is due at once, whatever its terms.
    assert shown("invoices", "invoice", "customer") == [
        ("0100000001-001", "0000000007", "2024-01-10", "2024-02-24", None, 1234.56, 1400.0),
        ("0100000002-001", "0000000007", "2024-02-10", "2024-02-10", "2024-03-05", -234.56, -400.0),
    ]
    # Without a baseline date the document's: 30 days of 20 January.
    assert shown("bills", "bill", "supplier") == [
        ("1900000001-001", "0000000009", "2024-01-20", "2024-02-19", "2024-02-15", 300.0, 300.0)
    ]
    none = {"no header in BKPF": (1, Decimal("5")), "not posted: status V": (2, Decimal("0"))}
    assert left_out(books, "invoices") == none | {
        "no customer line: account type S": (9, Decimal("-550")),
        "no customer line: account type K": (1, Decimal("-300")),
        "reversed, or its reversal": (2, Decimal("0")),
        "special G/L A": (1, Decimal("-50")),
        "a payment": (1, Decimal("-100")),
    }
    assert left_out(books, "bills") == {reason: (rows, -money) for reason, (rows, money) in none.items()} | {
        "no vendor line: account type S": (9, Decimal("550")),
        "no vendor line: account type D": (6, Decimal("-850")),
    }


def test_the_account_map_may_be_a_workbook(tmp_path: Path) -> None:
    """Ranges of accounts come from Excel as from CSV."""
    adapter = tmp_path / "adapter"
    shutil.copytree(ADAPTERS / "sap_erp_bseg", adapter)
    (adapter / "accounts.csv").unlink()
    with xlsxwriter.Workbook(adapter / "accounts.xlsx") as book:
        rows = [("from", "to", "line", "behaviour", "driver"), (400000, 499999, "revenue", "", "")]
        rows += [(100000, 129999, "receivables", "", "")]
        for number, row in enumerate(rows):
            book.worksheets()[0].write_row(number, 0, row) if number else book.add_worksheet().write_row(
                0, 0, row
            )
    text = (adapter / "books.toml").read_text(encoding="utf8").replace('"accounts.csv"', '"accounts.xlsx"')
    (adapter / "books.toml").write_text(text, encoding="utf8")
    books = open_books(adapter, files(tmp_path / "raw", MASTERS | {"BKPF.csv": BKPF, "BSEG.csv": BSEG}))
    lines = books.rows("accounts").set_index("account")["line"]
    assert dict(lines) == {
        "0000113100": "receivables",
        "0000120000": "receivables",
        "0000121000": "receivables",
        "0000200000": "unmapped",
        "0000400000": "revenue",
        "0000999999": "unmapped",
    }


def test_a_value_nobody_can_read_is_named(tmp_path: Path) -> None:
    """An amount in another country's notation is refused with its place, not taken for another number."""
    texts = MASTERS | {"BKPF.csv": BKPF, "BSEG.csv": BSEG.replace(";234,56;", ";1,234.56;")}
    with pytest.raises(ContractError, match=r"1,234\.56") as told:
        open_books("sap_erp_bseg", files(tmp_path, texts))
    assert "BSEG" in str(told.value)


def test_lists_saved_as_text(tmp_path: Path) -> None:
    """KSB1 and MB51: rules, repeated headings, totals, German and English headings in any order."""
    lists = {"KSB1_de.txt": KSB1_GERMAN, "KSB1_en.txt": KSB1_ENGLISH, "MB51.txt": MB51_GERMAN}
    books = open_books("sap_erp_lists", files(tmp_path, lists))
    assert untied(books) == []
    found = books.rows("balances")
    assert {(r.account, r.unit, str(r.month.date()), r.flow) for r in found.itertuples()} == {
        ("400000", "4711", "2024-01-01", 1200.0),
        ("400000", "4711", "2024-02-01", 1000.0),
        ("999999", "4712", "2024-02-01", 100.0),
    }
    assert {reason: rows for reason, (rows, _) in left_out(books, "balances").items()} == {
        "a line above the list": 1,
        "a rule or an empty line": 6,
        "a line of headings": 3,
        "a subtotal or total": 2,
    }
    stock = books.rows("stock")
    assert [(r.product, r.unit, str(r.date.date()), r.quantity, r.value) for r in stock.itertuples()] == [
        ("000042", "W100", "2024-01-31", 6.0, 600.0),
        ("000042", "W100", "2024-02-29", 6.0, 600.0),
        ("000042", "W100", "2024-03-31", 7.0, 700.0),
    ]
    assert stock.adjustment.iloc[-1] == 1.0
    assert set(books.units.unit) == {"SAP", "4711", "4712", "W100"}
    assert set(books.rows("accounts")["line"]) == {"cogs", "unmapped"}


def test_headings_nobody_knows_are_an_error(tmp_path: Path) -> None:
    """A list in a language that headings.csv does not have is refused, not left out line by line."""
    lists = {"KSB1_de.txt": KSB1_GERMAN, "KSB1_fr.txt": KSB1_GERMAN.replace("Kostenart ", "Nature    ")}
    with pytest.raises(ContractError, match="account"):
        open_books("sap_erp_lists", files(tmp_path, lists | {"MB51.txt": MB51_GERMAN}))


def test_business_central(tmp_path: Path) -> None:
    """Ledger, open items and sales by item; payments and purchases are left out, with their money."""
    books = open_books("business_central", files(tmp_path, CENTRAL))
    assert untied(books) == []
    assert amounts(books, "journal", ["unit", "account"]) == {
        ("COMPANY", "2910"): Decimal("-50"),
        ("COMPANY", "9999"): Decimal("50"),
        ("NORTH", "2310"): Decimal("1210"),
        ("NORTH", "6110"): Decimal("-1210"),
    }
    assert left_out(books, "invoices") == {"no invoice: Payment": (1, Decimal("-1210"))}
    assert left_out(books, "deliveries") == {
        "no sale: Purchase": (1, Decimal("0")),
        "no sale: without a type": (1, Decimal("0")),
    }
    invoice = books.rows("invoices").iloc[0]
    assert [str(invoice[name].date()) for name in ("issued", "due", "paid")] == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-05",
    ]
    bill = books.rows("bills").iloc[0]
    assert (bill.amount, bill.paid is None or bill.isna().paid, bill.unit) == (300.0, True, "COMPANY")
    sales = books.rows("deliveries").sort_values("delivery")
    assert [
        (
            row.order if isinstance(row.order, str) else "",
            None if row.line != row.line else int(row.line),
            str(row.shipped.date()),
            row.quantity,
            row.amount,
            row.cost,
            row.customer,
        )
        for row in sales.itertuples()
    ] == [
        ("SO1", 10000, "2024-01-31", 10.0, 0.0, 0.0, "C01"),
        ("", None, "2024-02-05", 0.0, 1000.0, 784.0, "C01"),
        ("SO1", 10000, "2024-03-10", 2.0, 200.0, 156.8, "C01"),
    ]
    assert dict(books.rows("accounts").set_index("account")["line"])["9999"] == "unmapped"
    assert "6999" not in set(books.rows("accounts").account)
    assert list(books.units.unit) == ["COMPANY", "NORTH"]


def test_business_central_orders_and_stock(tmp_path: Path) -> None:
    """Closed orders come back from their shipments, open ones stand; stock is what entries add up to."""
    books = open_books("business_central", files(tmp_path, CENTRAL))
    orders = books.rows("orders").sort_values("order")
    told = [
        (r.order, r.line, r.unit, str(r.ordered.date()), str(r.requested)[:10], str(r.promised)[:10])
        for r in orders.itertuples()
    ]
    assert told == [
        ("SO1", 10000, "NORTH", "2024-01-10", "2024-02-01", "2024-02-02"),
        ("SO2", 10000, "NORTH", "2024-03-01", "2024-04-01", "NaT"),
    ]
    # 110 dollars at 1.10; 484 a box of 4 with 21 % VAT is 100 a piece without.
    assert list(orders.price) == [100.0, 100.0] and list(orders.quantity) == [12.0, 20.0]
    assert list(orders.discount) == [0.0, 0.1] and list(orders.cost) == [78.4, 78.4]
    assert {reason: rows for reason, (rows, _) in left_out(books, "orders").items()} == {
        "no order: Quote": 1,
        "no item: a line of text": 1,
        "no item: G/L Account": 1,
    }
    assert {reason: rows for reason, (rows, _) in left_out(books, "stock").items()} == {"no item": 1}
    stock = books.rows("stock")
    assert [(r.product, r.unit, str(r.date.date()), r.quantity, r.value) for r in stock.itertuples()] == [
        ("1896-S", "COMPANY", "2024-01-31", 10.0, 784.0),
        ("1896-S", "COMPANY", "2024-02-29", 10.0, 784.0),
        ("1896-S", "COMPANY", "2024-03-31", 8.0, 627.2),
    ]
