"""The small company as other systems export it: other words, other numbers, other dates, other files.

Each function writes one export into a folder. What `finops new` makes of it must give the figures of the
company.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
import sqlite3
from decimal import Decimal
from pathlib import Path

import small_company
import xlsxwriter

Row = dict[str, str]

# Names of the accounts as companies of each language call them: the statement lines must be told from these.
NAMES = {
    "de": "Bank|"
    "Forderungen aus Lieferungen und Leistungen|Fertige Erzeugnisse und Waren|Vorsteuer|Technische Anlagen "
    "und "
    "Maschinen|Wertberichtigung auf Sachanlagen|Forderungen gegen verbundene Unternehmen|Verbindlichkeiten "
    "aus Lieferungen "
    "und Leistungen|Umsatzsteuer|Wareneingang Rechnungseingang|Darlehen|Gezeichnetes "
    "Kapital|Umsatzerlöse|Innenumsatz|Sonstige "
    "betriebliche Erträge|Herstellungskosten des "
    "Umsatzes|Ausschuss|Bestandskorrektur|Preisabweichung|Verbrauchsabweichung|"
    "Fertigungslohn|Herstellkosten Gemeinkosten|Herstellkosten "
    "verrechnet|Miete|Gehälter|Ausgangsfrachten|Vertrieb "
    "Kulanz|Abschreibungen auf Sachanlagen|Zinsaufwand|Körperschaftsteuer|Kopfzahl",
    "en": "Bank|"
    "Accounts receivable|Inventory|Input VAT|Machinery|Accumulated depreciation|Intercompany|Accounts "
    "payable|VAT|"
    "Goods received not invoiced|Bank loan|Share capital|Sales|Intercompany result|Other income|Cost of "
    "goods sold|Scrap|"
    "Inventory adjustment|Purchase price variance|Material usage variance|Labor efficiency "
    "variance|Overhead spending|"
    "Overhead absorbed|Rent|Salaries|Freight out|Customer service|Depreciation expense|Interest "
    "expense|Income tax expense|"
    "Headcount",
    "es": "Bancos|"
    "Clientes|Existencias|IVA soportado|Maquinaria|Amortización acumulada|Empresas del grupo|Proveedores|IVA "
    "repercutido|Organismos|Préstamos bancarios|Capital social|Ventas|Intercompany result|Otros "
    "ingresos|Coste de ventas|"
    "Compras mermas|Variación de existencias|Compras precio|Compras consumo|Coste de ventas mano de "
    "obra|Coste de ventas "
    "indirectos|Coste de ventas absorbido|Alquiler|Sueldos|Transportes|Comisiones|Amortización del "
    "inmovilizado|Intereses|"
    "Impuesto sobre beneficios|Plantilla",
    "fr": "Banque|"
    "Clients|Produits finis|TVA déductible|Matériel industriel|Amortissements des immobilisations|Groupe et "
    "associés|Fournisseurs|TVA collectée|Charges à payer|Emprunts|Capital|Ventes de produits|Intercompany "
    "result|Autres "
    "produits|Coût des ventes|Coût des ventes rebuts|Variation des stocks|Achats écarts de prix|Achats "
    "écarts de consommation|"
    "Coût des ventes main d'oeuvre|Coût des ventes frais|Coût des ventes "
    "imputés|Loyer|Salaires|Transports|Frais commerciaux|"
    "Dotations aux amortissements|Intérêts|Impôt sur les sociétés|Effectif",
}


def company(language: str) -> dict[str, list[Row]]:
    """The company's tables, its accounts with names in a language. No statement lines: they must be told."""
    data = small_company.tables()
    # Statistical postings are a thing of this contract: other systems keep heads elsewhere.
    data["journal"] = [row for row in data["journal"] if row["account"] != "9000"]
    data["accounts"] = [row for row in data["accounts"] if row["account"] != "9000"]
    for row, name in zip(data["accounts"], NAMES[language].split("|"), strict=False):
        row["name"] = name
    return data


def eu(text: str, places: int = 2, trailing: bool = True) -> str:
    """1234.5 as 1.234,50, the minus behind."""
    if not text:
        return ""
    value = Decimal(text)
    shown = f"{abs(value):,.{places}f}".translate(str.maketrans({",": ".", ".": ","}))
    return (shown + "-" if trailing else "-" + shown) if value < 0 else shown


def dotted(day: str) -> str:
    """2025-01-31 as 31.01.2025."""
    return dt.date.fromisoformat(day).strftime("%d.%m.%Y") if day else ""


def sap_day(day: str) -> str:
    """2025-01-31 as 20250131, none as 00000000."""
    return day.replace("-", "") or "00000000"


def _csv(rows: list[list[str]], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def german(folder: Path) -> None:
    """SAP lists saved as text: semicolons, cp1252, titles, sums by account, headers again, S/H."""
    data = company("de")
    head = [
        "Buchungskreis",
        "Belegnummer",
        "Position",
        "Buchungsdatum",
        "Sachkonto",
        "Soll/Haben-Kennz.",
        "Betrag in Hauswährung",
        "Belegart",
        "Benutzer",
    ]
    rows: list[list[str]] = []
    for account in sorted({row["account"] for row in data["journal"]}):
        mine = [row for row in data["journal"] if row["account"] == account]
        for row in mine:
            amount = Decimal(row["amount"])
            sign, size = ("S" if amount >= 0 else "H"), eu(str(abs(amount)))
            rows.append(
                [
                    row["unit"],
                    row["entry"],
                    row["line"].zfill(3),
                    dotted(row["posted"]),
                    account.zfill(10),
                    sign,
                    size,
                    "SA",
                    "MÜLLER",
                ]
            )
        total = eu(str(sum(Decimal(row["amount"]) for row in mine)))
        rows.append(["", "", "", "", f"Summe {account.zfill(10)}", "", total, "", ""])
        if account in ("1500", "5000"):
            rows.append(head)
    titles = "Einzelposten Sachkonten\r\nStand: 02.04.2025 Größe: alle\r\n\r\n"
    (folder / "Buchungsjournal.csv").write_bytes((titles + _csv([head, *rows], ";")).encode("cp1252"))
    accounts = [[row["account"].zfill(10), row["name"], "DE01"] for row in data["accounts"]]
    (folder / "Sachkonten.csv").write_bytes(
        _csv([["Sachkonto", "Bezeichnung", "Kontenplan"], *accounts], ";").encode("cp1252")
    )
    orders = [
        [
            r["order"],
            r["line"],
            r["customer"],
            r["unit"],
            r["product"],
            dotted(r["ordered"]),
            dotted(r["requested"]),
            dotted(r["promised"]),
            eu(r["quantity"], 3),
            eu(r["price"]),
            "EUR",
        ]
        for r in data["orders"]
    ]
    heads = [
        "Auftragsnummer",
        "Auftragsposition",
        "Debitor",
        "Werk",
        "Materialnummer",
        "Auftragsdatum",
        "Wunschlieferdatum",
        "Bestätigtes Lieferdatum",
        "Auftragsmenge",
        "Einzelpreis",
        "Währung",
    ]
    (folder / "Kundenaufträge.csv").write_bytes(_csv([heads, *orders], ";").encode("cp1252"))
    sent = [
        [
            r["delivery"],
            r["order"],
            r["line"],
            r["customer"],
            r["unit"],
            r["product"],
            sap_day(r["shipped"]),
            eu(r["quantity"], 3),
            eu(r["amount"]),
            eu(r["cost"]),
        ]
        for r in data["deliveries"]
    ]
    heads = [
        "Lieferscheinnummer",
        "Auftragsnummer",
        "Auftragsposition",
        "Debitor",
        "Werk",
        "Materialnummer",
        "Warenausgangsdatum",
        "Menge",
        "Nettowert",
        "Wareneinsatz",
    ]
    (folder / "Lieferungen.csv").write_bytes(_csv([heads, *sent], ";").encode("cp1252"))


def workbook(folder: Path) -> None:
    """A Dynamics workbook: a title and a date above, headers in row 5, debit and credit, real dates."""
    data = company("en")
    with xlsxwriter.Workbook(folder / "Export.xlsx") as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})

        def sheet(name: str, heads: list[str], rows: list[list[object]]) -> None:
            page = book.add_worksheet(name)
            page.merge_range(0, 0, 0, 3, f"CRONUS Ltd. - {name}")
            page.write(1, 0, "Printed 2 April 2025")
            page.write_row(4, 0, heads)
            for number, row in enumerate(rows, 5):
                for place, value in enumerate(row):
                    if isinstance(value, dt.date):
                        page.write_datetime(
                            number, place, dt.datetime(value.year, value.month, value.day), day
                        )
                    elif value not in ("", None):
                        page.write(number, place, value)

        def date(text: str) -> object:
            return dt.date.fromisoformat(text) if text else ""

        def amount(text: str) -> object:
            return float(text) if text else ""

        sheet(
            "G_L Entries",
            [
                "Entry No.",
                "Posting Date",
                "Document No.",
                "G/L Account No.",
                "G/L Account Name",
                "Global Dimension 1 Code",
                "Debit Amount",
                "Credit Amount",
                "User ID",
            ],
            [
                [
                    n,
                    date(r["posted"]),
                    r["entry"],
                    int(r["account"]),
                    "",
                    r["unit"],
                    max(float(r["amount"]), 0) or "",
                    max(-float(r["amount"]), 0) or "",
                    "ADMIN",
                ]
                for n, r in enumerate(data["journal"], 1)
            ],
        )
        sheet(
            "Chart of Accounts",
            ["No.", "Name", "Blocked"],
            [[int(r["account"]), r["name"], "No"] for r in data["accounts"]],
        )
        sheet(
            "Sales Order Lines",
            [
                "Document No.",
                "Line No.",
                "Sell-to Customer No.",
                "Location Code",
                "Item No.",
                "Order Date",
                "Requested Delivery Date",
                "Promised Delivery Date",
                "Quantity",
                "Unit Price",
                "Unit of Measure",
            ],
            [
                [
                    r["order"],
                    int(r["line"]),
                    r["customer"],
                    r["unit"],
                    r["product"],
                    date(r["ordered"]),
                    date(r["requested"]),
                    date(r["promised"]),
                    float(r["quantity"]),
                    amount(r["price"]),
                    "PCS",
                ]
                for r in data["orders"]
            ],
        )
        sheet(
            "Sales Shipment Lines",
            [
                "Shipment No.",
                "Order No.",
                "Order Line No.",
                "Sell-to Customer No.",
                "Company Code",
                "Item No.",
                "Shipment Date",
                "Quantity",
                "Net Amount",
                "Cost Amount",
            ],
            [
                [
                    r["delivery"],
                    r["order"],
                    int(r["line"]),
                    r["customer"],
                    r["unit"],
                    r["product"],
                    date(r["shipped"]),
                    float(r["quantity"]),
                    float(r["amount"]),
                    float(r["cost"]),
                ]
                for r in data["deliveries"]
            ],
        )
        sheet(
            "Customers",
            ["No.", "Name", "Country"],
            [[r["customer"], r["name"], "GB"] for r in data["customers"]],
        )


def documents(folder: Path) -> None:
    """JSON as a service gives it, in French: the records under a path, numbers as numbers, nested extras."""
    data = company("fr")

    def save(name: str, rows: list[dict[str, object]]) -> None:
        whole = {"contexte": {"société": "Pompes SA", "page": 1}, "resultat": {"lignes": rows}}
        (folder / f"{name}.json").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")

    save(
        "ecritures",
        [
            {
                "numero_ecriture": r["entry"],
                "no_ligne": int(r["line"]),
                "date_comptable": r["posted"],
                "compte": r["account"],
                "etablissement": r["unit"],
                "montant": float(r["amount"]),
                "meta": {"saisi_par": "x"},
            }
            for r in data["journal"]
        ],
    )
    save(
        "plan_comptable",
        [{"numero_de_compte": r["account"], "intitule": r["name"]} for r in data["accounts"]],
    )
    save(
        "livraisons",
        [
            {
                "no_livraison": r["delivery"],
                "no_commande": r["order"],
                "ligne": int(r["line"]) if r["line"] else None,
                "code_client": r["customer"],
                "etablissement": r["unit"],
                "code_article": r["product"],
                "date_expedition": r["shipped"],
                "quantite": float(r["quantity"]),
                "montant_ht": float(r["amount"]),
                "cout_total": float(r["cost"]),
            }
            for r in data["deliveries"]
        ],
    )
    save(
        "commandes_clients",
        [
            {
                "no_commande": r["order"],
                "ligne": int(r["line"]),
                "code_client": r["customer"],
                "etablissement": r["unit"],
                "code_article": r["product"],
                "date_commande": r["ordered"],
                "date_souhaitee": r["requested"],
                "date_promise": r["promised"],
                "quantite": float(r["quantity"]),
                "prix_unitaire": float(r["price"]) if r["price"] else None,
            }
            for r in data["orders"]
        ],
    )


def database(folder: Path) -> None:
    """SQLite in Spanish: other names, other order, columns that mean nothing here, and a view."""
    data = company("es")
    shuffled = random.Random(5)
    tables = {
        "Asientos": (
            {
                "numero_asiento": "entry",
                "linea": "line",
                "fecha_contable": "posted",
                "cuenta_contable": "account",
                "sociedad": "unit",
                "importe": "amount",
            },
            data["journal"],
        ),
        "Plan de cuentas": ({"cuenta_contable": "account", "nombre_de_la_cuenta": "name"}, data["accounts"]),
        "Pedidos": (
            {
                "numero_pedido": "order",
                "linea": "line",
                "codigo_cliente": "customer",
                "sociedad": "unit",
                "codigo_articulo": "product",
                "fecha_pedido": "ordered",
                "fecha_solicitada": "requested",
                "fecha_prometida": "promised",
                "cantidad": "quantity",
                "precio_unitario": "price",
            },
            data["orders"],
        ),
        "Entregas": (
            {
                "numero_albaran": "delivery",
                "numero_pedido": "order",
                "linea": "line",
                "codigo_cliente": "customer",
                "sociedad": "unit",
                "codigo_articulo": "product",
                "fecha_envio": "shipped",
                "cantidad": "quantity",
                "importe_neto": "amount",
                "coste_total": "cost",
            },
            data["deliveries"],
        ),
        "Clientes": ({"codigo_cliente": "customer", "nombre": "name"}, data["customers"]),
    }
    numbers = {"amount", "quantity", "price", "cost", "line"}
    with sqlite3.connect(folder / "contabilidad.db") as store:
        for table, (names, rows) in tables.items():
            columns = [*names, "usuario", "observaciones"]
            shuffled.shuffle(columns)
            listed = ", ".join(f'"{name}"' for name in columns)
            store.execute(f'CREATE TABLE "{table}" ({listed})')
            for row in shuffled.sample(rows, len(rows)):
                values = [
                    None
                    if name == "observaciones"
                    else "ana"
                    if name == "usuario"
                    else (float(row[names[name]]) if row[names[name]] else None)
                    if names[name] in numbers
                    else row[names[name]] or None
                    for name in columns
                ]
                store.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(columns))})', values)
        store.execute(
            'CREATE VIEW "Ventas por cliente" AS '
            "SELECT codigo_cliente, SUM(importe_neto) FROM Entregas GROUP BY 1"
        )
    store.close()
