//! What a record holds beside the values its type describes, so that nothing is lost on writing. The siblings of a
//! primitive have extensions, which are the release's own: so each release has types of its own, made here.

/// `Extra` and `Siblings` of a release, whose `Sibling` is in scope.
macro_rules! extra {
    ($release:literal) => {
        /// The rest of an object: siblings of primitives (`_birthDate`) and members kept as they are.
        ///
        /// Nearly always empty, and then one pointer wide.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Extra<'a>(
            // None or one. That there is none is seen where the list is dropped, without a call as for a box: nearly
            // every struct has an empty one.
            thin_vec::ThinVec<Parts<'a>>,
        );

        #[derive(Clone, Debug, Default, PartialEq)]
        struct Parts<'a> {
            siblings: Vec<(&'static str, Siblings<'a>)>,
            unknown: Vec<(crate::text::Str<'a>, crate::value::Value<'a>)>,
        }

        /// What stands beside a primitive element: ids and extensions of its value or values.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Siblings<'a> {
            /// Beside a single value.
            One(Sibling<'a>),
            /// Beside a list; slot n belongs to value n, and empty slots are `null` in JSON.
            Many(thin_vec::ThinVec<Option<Sibling<'a>>>),
        }

        impl<'a> Extra<'a> {
            /// Whether there is nothing.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// What stands beside the primitive element with this JSON name (without the underscore).
            pub fn siblings(&self, name: &str) -> Option<&Siblings<'a>> {
                let mut all = self.all_siblings().iter();
                all.find(|(known, _)| *known == name).map(|(_, siblings)| siblings)
            }

            /// All siblings, with the names of their elements.
            pub fn all_siblings(&self) -> &[(&'static str, Siblings<'a>)] {
                self.0.first().map_or(&[], |parts| &parts.siblings)
            }

            #[doc = concat!(
                        "Members kept as they are, in the order of the text: those ",
                        $release,
                        " does not know, and known ones whose value is `null` or an empty list."
                    )]
            pub fn unknown(&self) -> &[(crate::text::Str<'a>, crate::value::Value<'a>)] {
                self.0.first().map_or(&[], |parts| &parts.unknown)
            }

            fn parts(&mut self) -> &mut Parts<'a> {
                if self.0.is_empty() {
                    self.0.push(Parts::default());
                }
                &mut self.0[0]
            }

            /// Puts siblings beside a primitive element.
            pub fn add_siblings(&mut self, name: &'static str, siblings: Siblings<'a>) {
                self.parts().siblings.push((name, siblings));
            }

            /// Adds a member to be written as it is.
            pub fn add_unknown(
                &mut self,
                name: impl Into<crate::text::Str<'a>>,
                value: crate::value::Value<'a>,
            ) {
                self.parts().unknown.push((name.into(), value));
            }
        }

        impl Siblings<'_> {
            fn node(&self) -> crate::node::Node<'_> {
                match self {
                    Self::One(sibling) => crate::table::View::node(sibling),
                    Self::Many(siblings) => {
                        crate::node::Node::List(crate::node::NodeList(siblings))
                    }
                }
            }
        }

        impl crate::table::Rest for Extra<'_> {
            fn beside(&self, name: &str) -> Option<crate::node::Node<'_>> {
                self.siblings(name).map(Siblings::node)
            }

            fn visit_beside<'t>(
                &'t self,
                visit: &mut dyn FnMut(&'static str, crate::node::Node<'t>),
            ) {
                for (name, siblings) in self.all_siblings() {
                    visit(name, siblings.node());
                }
            }

            fn kept(&self) -> &[(crate::text::Str<'_>, crate::value::Value<'_>)] {
                self.unknown()
            }
        }

        impl<'a> crate::table::FillRest<'a> for Extra<'a> {
            fn fill_beside(
                &mut self,
                member: &'static crate::schema::ElementDef,
                reader: &mut crate::read::Reader<'_, 'a>,
            ) -> Result<(), crate::error::Error> {
                let siblings = if member.many {
                    let mut slots = thin_vec::ThinVec::new();
                    crate::table::Fill::fill(&mut slots, 0, reader)?;
                    Siblings::Many(slots)
                } else {
                    Siblings::One(crate::read::FromJson::from_json(0, reader)?)
                };
                self.add_siblings(member.name, siblings);
                Ok(())
            }

            fn keep(&mut self, name: crate::text::Str<'a>, value: crate::value::Value<'a>) {
                self.add_unknown(name, value);
            }
        }

        impl crate::own::IntoOwned for Extra<'_> {
            type Owned = Extra<'static>;

            fn into_owned(self) -> Extra<'static> {
                let owned = self.0.into_iter().map(|Parts { siblings, unknown }| Parts {
                    siblings: siblings
                        .into_iter()
                        .map(|(name, siblings)| {
                            (name, crate::own::IntoOwned::into_owned(siblings))
                        })
                        .collect(),
                    unknown: crate::own::IntoOwned::into_owned(unknown),
                });
                Extra(owned.collect())
            }
        }

        impl crate::own::IntoOwned for Siblings<'_> {
            type Owned = Siblings<'static>;

            fn into_owned(self) -> Siblings<'static> {
                match self {
                    Self::One(sibling) => Siblings::One(crate::own::IntoOwned::into_owned(sibling)),
                    Self::Many(siblings) => {
                        Siblings::Many(crate::own::IntoOwned::into_owned(siblings))
                    }
                }
            }
        }
    };
}

pub(crate) use extra;
