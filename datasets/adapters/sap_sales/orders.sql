-- One row for each item. Amounts of an item are those of one unit (README.md): NETAMOUNT is the price.
-- There is no date that the customer asked for; the delivery date is the day of delivery.
SELECT
    i.SALESORDERID AS "order",
    i.SALESORDERITEM AS line,
    o.PARTNERID AS customer,
    LOWER(o.SALESORG) AS unit,
    i.PRODUCTID AS product,
    day_sap(o.CREATEDAT) AS ordered,
    i.QUANTITY AS quantity,
    i.NETAMOUNT AS price
FROM SalesOrderItems i
LEFT JOIN SalesOrders o ON o.SALESORDERID = i.SALESORDERID
WHERE o.LIFECYCLESTATUS IS DISTINCT FROM 'X'
ORDER BY i.SALESORDERID, line
