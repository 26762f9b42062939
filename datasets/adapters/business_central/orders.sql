-- Order lines: the open ones from Sales Line (37) and Sales Header (36); those that are shipped and invoiced are deleted
-- there and are put together from their shipments, Sales Shipment Line (111) and Header (110): what was shipped is then
-- what was ordered. Quantities are in base units, as stock entries are. Prices without VAT in local currency: Unit Price
-- over "Currency Factor" (foreign currency for one of the local one).
WITH written AS (
    SELECT l."Document No." AS "order", l."Line No." AS line, TRUE AS is_open,
        l."Sell-to Customer No.", l."Shortcut Dimension 1 Code", l."No.", l."Quantity (Base)", l."Unit Price",
        l."Unit Cost (LCY)", l."Line Discount %", l."Qty. per Unit of Measure", l."VAT %", l."Requested Delivery Date",
        l."Promised Delivery Date", h."Order Date", h."Prices Including VAT", h."Currency Code", h."Currency Factor"
    FROM SalesLine l LEFT JOIN SalesHeader h ON h."Document Type" = l."Document Type" AND h."No." = l."Document No."
    WHERE l."Document Type" = 'Order' AND l."Type" = 'Item'
    UNION ALL
    SELECT l."Order No.", l."Order Line No.", FALSE,
        l."Sell-to Customer No.", l."Shortcut Dimension 1 Code", l."No.", l."Quantity (Base)", l."Unit Price",
        l."Unit Cost (LCY)", l."Line Discount %", l."Qty. per Unit of Measure", l."VAT %", l."Requested Delivery Date",
        l."Promised Delivery Date", h."Order Date", h."Prices Including VAT", h."Currency Code", h."Currency Factor"
    FROM SalesShipmentLine l LEFT JOIN SalesShipmentHeader h ON h."No." = l."Document No."
    WHERE l."Type" = 'Item' AND COALESCE(l."Order No.", '') <> ''
),
lines AS (
    SELECT "order", line, is_open, "Sell-to Customer No." AS customer, "Shortcut Dimension 1 Code" AS dimension,
        "No." AS product, "Order Date" AS ordered, "Requested Delivery Date" AS requested,
        "Promised Delivery Date" AS promised,
        CAST(number_us("Quantity (Base)") AS DECIMAL(19, 4)) AS quantity,
        CAST(number_us("Unit Price") AS DECIMAL(19, 4)) AS price,
        CAST(number_us("Unit Cost (LCY)") AS DECIMAL(19, 4)) AS cost,
        CAST(number_us("Line Discount %") AS DECIMAL(19, 8)) / 100 AS discount,
        CAST(number_us("Qty. per Unit of Measure") AS DECIMAL(19, 8)) AS units,
        CASE WHEN LOWER("Prices Including VAT") IN ('true', 'yes', '1')
            THEN 1 + CAST(number_us("VAT %") AS DECIMAL(19, 8)) / 100 ELSE 1 END AS vat,
        CASE WHEN COALESCE("Currency Code", '') = '' THEN 1
            ELSE CAST(number_us("Currency Factor") AS DOUBLE) END AS factor
    FROM written
)
SELECT
    "order",
    line,
    FIRST(customer ORDER BY is_open DESC) AS customer,
    COALESCE(NULLIF(FIRST(dimension ORDER BY is_open DESC), ''), 'COMPANY') AS unit,
    FIRST(product ORDER BY is_open DESC) AS product,
    MIN(day_us(ordered)) AS ordered,
    MIN(day_us(requested)) AS requested,
    MIN(day_us(promised)) AS promised,
    CASE WHEN BOOL_OR(is_open) THEN SUM(quantity) FILTER (is_open) ELSE SUM(quantity) END AS quantity,
    CAST(FIRST(price / units / vat / factor ORDER BY is_open DESC) AS DECIMAL(19, 4)) AS price,
    CAST(FIRST(discount ORDER BY is_open DESC) AS DECIMAL(19, 8)) AS discount,
    CAST(FIRST(cost / units ORDER BY is_open DESC) AS DECIMAL(19, 4)) AS cost,
    COUNT(*) AS source_rows
FROM lines
GROUP BY "order", line
