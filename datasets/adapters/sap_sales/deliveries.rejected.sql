-- What is not delivered, or never will be. A status that nobody knows is a reason too, never a silent loss.
SELECT
    CASE
        WHEN o.DELIVERYSTATUS = 'X' THEN 'order cancelled (status X)'
        WHEN o.DELIVERYSTATUS = 'I' THEN 'not delivered yet (status I)'
        ELSE 'delivery status ' || COALESCE(o.DELIVERYSTATUS, 'empty') || ' is not known'
    END AS reason,
    CAST(CAST(i.NETAMOUNT AS DECIMAL(12, 4)) * CAST(i.QUANTITY AS DECIMAL(9, 0)) AS DECIMAL(19, 4)) AS amount
FROM SalesOrderItems i
LEFT JOIN SalesOrders o ON o.SALESORDERID = i.SALESORDERID
WHERE o.DELIVERYSTATUS IS DISTINCT FROM 'C'
