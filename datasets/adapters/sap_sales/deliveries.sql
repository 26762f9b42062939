-- Items of orders whose delivery is complete (status C), on the item's delivery date. All items of an order have
-- the same date: orders are delivered whole.
SELECT
    i.SALESORDERID || '-' || i.SALESORDERITEM AS delivery,
    i.SALESORDERID AS "order",
    i.SALESORDERITEM AS line,
    o.PARTNERID AS customer,
    LOWER(o.SALESORG) AS unit,
    i.PRODUCTID AS product,
    day_sap(i.DELIVERYDATE) AS shipped,
    i.QUANTITY AS quantity,
    CAST(CAST(i.NETAMOUNT AS DECIMAL(12, 4)) * CAST(i.QUANTITY AS DECIMAL(9, 0)) AS DECIMAL(19, 4)) AS amount
FROM SalesOrderItems i
LEFT JOIN SalesOrders o ON o.SALESORDERID = i.SALESORDERID
WHERE o.DELIVERYSTATUS = 'C'
ORDER BY i.SALESORDERID, line
