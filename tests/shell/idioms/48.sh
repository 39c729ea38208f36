exec 3<<< "hello"; cat <&3; exec 3<&-; exec 4>out4; echo x >&4; exec 4>&-; cat out4
