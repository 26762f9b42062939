SELECT 'order cancelled (status X)' AS reason
FROM SalesOrderItems i
LEFT JOIN SalesOrders o ON o.SALESORDERID = i.SALESORDERID
WHERE o.LIFECYCLESTATUS = 'X'
