v=3.10.2; IFS=. read -r maj min pat <<< "$v"; ((maj==3 && min>=9)) && echo new
