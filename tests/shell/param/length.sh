s=hello; a=(a bb ccc); set -- 1 2 3
echo ${#s} ${#a} ${#a[@]} ${#a[2]} ${#} ${#@} ${#*}
unset u; echo ${#u}
x='ü€'; echo ${#x}
