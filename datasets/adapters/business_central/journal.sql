-- G/L Entry (17). "Amount" is debit positive, in local currency; newer versions show it as "Amount (LCY)".
-- "Transaction No." holds the lines of one posting together; "Reversed" lines stay, with what reverses them.
SELECT
    "Transaction No." AS entry,
    "Entry No." AS line,
    day_us("Posting Date") AS posted,
    day_us("Document Date") AS document_date,
    "G/L Account No." AS account,
    COALESCE(NULLIF("Global Dimension 1 Code", ''), 'COMPANY') AS unit,
    NULLIF("Global Dimension 2 Code", '') AS department,
    number_us("Amount") AS amount,
    number_us("VAT Amount") AS tax,
    NULLIF("Document Type", '') AS kind,
    NULLIF("Document No.", '') AS document,
    CASE WHEN "Source Type" IN ('Customer', 'Vendor') THEN NULLIF("Source No.", '') END AS party
FROM GLEntry
