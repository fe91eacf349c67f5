a+--x
b */* c */d<>-+1@-1::int:=x=>y