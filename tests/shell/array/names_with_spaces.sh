a[1 + 2]=three
a[ 1 ]=one
declare -p a
declare b[1+1]=two; declare -p b
x=(a b); x[x[0]=1]=first; declare -p x
