-- KNA1: KUNNR customer (leading zeros kept), NAME1 name.
SELECT KUNNR AS customer, NAME1 AS name FROM KNA1
