-- Value Entry (5802) of sales. "Item Ledger Entry Quantity" is what left the stock, once, on the day of shipment; "Sales
-- Amount (Actual)" and "Cost Amount (Actual)" come with the invoice. So units count when shipped, money when invoiced.
-- Item Ledger Entry (32), "Document No." and "Document Line No.": the shipment line, and that names its order.
-- What leaves the stock is negative there.
SELECT
    v."Entry No." AS delivery,
    -- An entry that moves nothing, an invoice or a change of cost, is no delivery of an order.
    CASE WHEN CAST(number_us(v."Item Ledger Entry Quantity") AS DECIMAL(19, 4)) <> 0 THEN NULLIF(s."Order No.", '') END
        AS "order",
    CASE WHEN CAST(number_us(v."Item Ledger Entry Quantity") AS DECIMAL(19, 4)) <> 0 AND s."Order No." <> ''
        THEN s."Order Line No." END AS line,
    CASE WHEN v."Source Type" = 'Customer' THEN NULLIF(v."Source No.", '') END AS customer,
    COALESCE(NULLIF(v."Global Dimension 1 Code", ''), 'COMPANY') AS unit,
    v."Item No." AS product,
    day_us(v."Posting Date") AS shipped,
    -CAST(number_us(v."Item Ledger Entry Quantity") AS DECIMAL(19, 4)) AS quantity,
    number_us(v."Sales Amount (Actual)") AS amount,
    -CAST(number_us(v."Cost Amount (Actual)") AS DECIMAL(19, 4)) AS cost
FROM ValueEntry v
LEFT JOIN ItemLedgerEntry i ON i."Entry No." = v."Item Ledger Entry No."
LEFT JOIN SalesShipmentLine s ON i."Document Type" = 'Sales Shipment' AND s."Document No." = i."Document No."
    AND s."Line No." = i."Document Line No."
WHERE v."Item Ledger Entry Type" = 'Sale'
