SELECT CASE WHEN COALESCE("Document Type", '') <> 'Order' THEN 'no order: ' || COALESCE(NULLIF("Document Type", ''), 'without a type')
    ELSE 'no item: ' || COALESCE(NULLIF(TRIM("Type"), ''), 'a line of text') END AS reason
FROM SalesLine
WHERE COALESCE("Document Type", '') <> 'Order' OR COALESCE("Type", '') <> 'Item'
UNION ALL
SELECT CASE WHEN COALESCE("Type", '') <> 'Item' THEN 'no item: ' || COALESCE(NULLIF(TRIM("Type"), ''), 'a line of text')
    ELSE 'shipped without an order' END
FROM SalesShipmentLine
WHERE COALESCE("Type", '') <> 'Item' OR COALESCE("Order No.", '') = ''
