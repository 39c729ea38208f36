x='a*b'; echo "$x" ${x/\*/-} ${x//\*}; [[ $x == 'a*b' ]] && echo lit; [[ aXb == $x ]] && echo pat; [[ aXb == "$x" ]] || echo nolit
