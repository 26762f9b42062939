-- Vendor Ledger Entry (25): invoices and credit memos. "Amount (LCY)" is with VAT, negative for what we owe.
SELECT
    "Entry No." AS bill,
    "Vendor No." AS supplier,
    COALESCE(NULLIF("Global Dimension 1 Code", ''), 'COMPANY') AS unit,
    day_us("Posting Date") AS issued,
    day_us("Due Date") AS due,
    CASE WHEN LOWER("Open") IN ('true', 'yes', '1') THEN NULL
        ELSE day_us("Closed at Date") END AS paid,
    -CAST(number_us("Amount (LCY)") AS DECIMAL(19, 4)) AS amount,
    NULLIF("Currency Code", '') AS currency,
    -CAST(number_us("Amount") AS DECIMAL(19, 4)) AS amount_currency
FROM VendorLedgerEntry
WHERE "Document Type" IN ('Invoice', 'Credit Memo')
