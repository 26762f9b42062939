-- Cust. Ledger Entry (21): invoices and credit memos. "Amount (LCY)" is with VAT.
SELECT
    "Entry No." AS invoice,
    "Customer No." AS customer,
    COALESCE(NULLIF("Global Dimension 1 Code", ''), 'COMPANY') AS unit,
    day_us("Posting Date") AS issued,
    day_us("Due Date") AS due,
    CASE WHEN LOWER("Open") IN ('true', 'yes', '1') THEN NULL
        ELSE day_us("Closed at Date") END AS paid,
    CAST(number_us("Amount (LCY)") AS DECIMAL(19, 4)) AS amount,
    NULLIF("Currency Code", '') AS currency,
    CAST(number_us("Amount") AS DECIMAL(19, 4)) AS amount_currency
FROM CustLedgerEntry
WHERE "Document Type" IN ('Invoice', 'Credit Memo')
