-- Value Entry (5802): quantities and costs of sales are negative there, as they leave the stock.
SELECT
    "Entry No." AS delivery,
    CASE WHEN "Source Type" = 'Customer' THEN NULLIF("Source No.", '') END AS customer,
    COALESCE(NULLIF("Global Dimension 1 Code", ''), 'COMPANY') AS unit,
    "Item No." AS product,
    CASE WHEN "Posting Date" LIKE '%/%' THEN day_us("Posting Date") ELSE NULLIF("Posting Date", '') END AS shipped,
    -CAST(number_us("Invoiced Quantity") AS DECIMAL(19, 4)) AS quantity,
    number_us("Sales Amount (Actual)") AS amount,
    -CAST(number_us("Cost Amount (Actual)") AS DECIMAL(19, 4)) AS cost
FROM ValueEntry
WHERE "Item Ledger Entry Type" = 'Sale'
