-- Order lines: the open ones from Sales Line (37) and Sales Header (36); those that are shipped and invoiced are deleted
-- there and are put together from their shipments, Sales Shipment Line (111) and Header (110): what was shipped is then
-- what was ordered. Quantities are in base units, as stock entries are. Prices without VAT in local currency: Unit Price
-- over "Currency Factor" (foreign currency for one of the local one).
WITH lines AS (
    SELECT l."Document No." AS "order", l."Line No." AS line, l."Sell-to Customer No." AS customer,
        l."Shortcut Dimension 1 Code" AS dimension, l."No." AS product, h."Order Date" AS ordered,
        l."Requested Delivery Date" AS requested, l."Promised Delivery Date" AS promised,
        CAST(number_us(l."Quantity (Base)") AS DECIMAL(19, 4)) AS quantity,
        CAST(number_us(l."Unit Price") AS DECIMAL(19, 4)) AS price,
        CAST(number_us(l."Unit Cost (LCY)") AS DECIMAL(19, 4)) AS cost,
        CAST(number_us(l."Line Discount %") AS DECIMAL(19, 8)) / 100 AS discount,
        CAST(number_us(l."Qty. per Unit of Measure") AS DECIMAL(19, 8)) AS units,
        CASE WHEN LOWER(h."Prices Including VAT") IN ('true', 'yes', '1')
            THEN 1 + CAST(number_us(l."VAT %") AS DECIMAL(19, 8)) / 100 ELSE 1 END AS vat,
        CASE WHEN COALESCE(h."Currency Code", '') = '' THEN 1
            ELSE CAST(number_us(h."Currency Factor") AS DOUBLE) END AS factor,
        TRUE AS is_open
    FROM SalesLine l LEFT JOIN SalesHeader h ON h."Document Type" = l."Document Type" AND h."No." = l."Document No."
    WHERE l."Document Type" = 'Order' AND l."Type" = 'Item'
    UNION ALL
    SELECT l."Order No." AS "order", l."Order Line No." AS line, l."Sell-to Customer No." AS customer,
        l."Shortcut Dimension 1 Code" AS dimension, l."No." AS product, h."Order Date" AS ordered,
        l."Requested Delivery Date" AS requested, l."Promised Delivery Date" AS promised,
        CAST(number_us(l."Quantity (Base)") AS DECIMAL(19, 4)) AS quantity,
        CAST(number_us(l."Unit Price") AS DECIMAL(19, 4)) AS price,
        CAST(number_us(l."Unit Cost (LCY)") AS DECIMAL(19, 4)) AS cost,
        CAST(number_us(l."Line Discount %") AS DECIMAL(19, 8)) / 100 AS discount,
        CAST(number_us(l."Qty. per Unit of Measure") AS DECIMAL(19, 8)) AS units,
        CASE WHEN LOWER(h."Prices Including VAT") IN ('true', 'yes', '1')
            THEN 1 + CAST(number_us(l."VAT %") AS DECIMAL(19, 8)) / 100 ELSE 1 END AS vat,
        CASE WHEN COALESCE(h."Currency Code", '') = '' THEN 1
            ELSE CAST(number_us(h."Currency Factor") AS DOUBLE) END AS factor,
        FALSE AS is_open
    FROM SalesShipmentLine l LEFT JOIN SalesShipmentHeader h ON h."No." = l."Document No."
    WHERE l."Type" = 'Item' AND COALESCE(l."Order No.", '') <> ''
)
SELECT
    "order",
    line,
    FIRST(customer ORDER BY is_open DESC) AS customer,
    COALESCE(NULLIF(FIRST(dimension ORDER BY is_open DESC), ''), 'COMPANY') AS unit,
    FIRST(product ORDER BY is_open DESC) AS product,
    MIN(CASE WHEN ordered LIKE '%/%' THEN day_us(ordered) ELSE NULLIF(ordered, '') END) AS ordered,
    MIN(CASE WHEN requested LIKE '%/%' THEN day_us(requested) ELSE NULLIF(requested, '') END) AS requested,
    MIN(CASE WHEN promised LIKE '%/%' THEN day_us(promised) ELSE NULLIF(promised, '') END) AS promised,
    CASE WHEN BOOL_OR(is_open) THEN SUM(quantity) FILTER (is_open) ELSE SUM(quantity) END AS quantity,
    CAST(FIRST(price / units / vat / factor ORDER BY is_open DESC) AS DECIMAL(19, 4)) AS price,
    CAST(FIRST(discount ORDER BY is_open DESC) AS DECIMAL(19, 8)) AS discount,
    CAST(FIRST(cost / units ORDER BY is_open DESC) AS DECIMAL(19, 4)) AS cost,
    COUNT(*) AS source_rows
FROM lines
GROUP BY "order", line
